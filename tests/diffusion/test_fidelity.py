"""The embedded model draws what it is asked for, on prompts whose combinations it never saw."""

from pathlib import Path

import pytest

import graphengine.diffusion
from graphengine.diffusion.evaluation.fidelity import measure_fidelity
from graphengine.diffusion.training.judging import generator_of, load_pipeline

pytestmark = pytest.mark.torch

EMBEDDED = Path(graphengine.diffusion.__file__).parent / "embedded" / "shapes-128"
MEGABYTE = 2**20


def test_the_embedded_model_is_small_and_plain() -> None:
    files = [path for path in EMBEDDED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 24 * MEGABYTE
    assert {path.suffix for path in files} == {".json", ".md", ".safetensors"}
    assert (EMBEDDED / "CARD.md").is_file()


def test_the_embedded_model_draws_what_it_is_asked_for() -> None:
    fidelity = measure_fidelity(generator_of(load_pipeline(EMBEDDED)), batch=16)
    print(f"\n64 held-out prompts with one figure: {fidelity.one}\n32 with two figures: {fidelity.two}")
    assert fidelity.one.both >= 0.7
