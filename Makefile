# graphengine: the only front door. `make` alone explains itself.

PYTHON ?= python3
VENV   ?= .venv
OUTPUT ?= output
BIN    := $(VENV)/bin
RUN    := $(VENV)/.run-installed
DEV    := $(VENV)/.dev-installed
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Nothing here asks a hub for anything, and two processes on two cores do not fight over threads.
export HF_HUB_OFFLINE := 1
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo serve test fault check bench format clean

help:  ## Say what there is to make.
	@echo "graphengine"
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

demo: $(RUN)  ## Install, make a picture with the embedded model, and say where it is.
	OMP_NUM_THREADS=$$(nproc) $(BIN)/graphengine run workflows/text-to-image.json --output-dir $(OUTPUT)

serve: $(RUN)  ## Serve the HTTP API on this machine, at port 8188.
	$(BIN)/graphengine serve

test: $(DEV) check  ## Install, and run every check and every test.
	$(BIN)/python -m pytest tests -n 2 --dist worksteal
	$(BIN)/python -m pytest tests -n 2 -p without_torch -m "not torch" -q --ignore tests/fault

fault: $(DEV)  ## Break things as often as the promises say.
	GRAPHENGINE_TRIALS=50 $(BIN)/python -m pytest -q tests/fault tests/server/test_life.py \
		tests/server/test_schedules.py tests/server/test_webhooks.py tests/server/test_openapi.py

check: $(DEV)  ## Look at the code: style, types, layers, structure.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest tests/house -q

bench: $(DEV)  ## Measure, beside peers in the same run.
	$(BIN)/python tests/bench

format: $(DEV)  ## Format the code.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## Remove what make and the tools made, results excepted.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(RUN): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable '.[test,check]'
	@touch $@ $(RUN)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
