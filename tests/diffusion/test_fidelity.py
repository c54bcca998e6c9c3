"""The embedded model draws what it is asked for, on prompts whose combinations it never saw."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

import graphengine.diffusion
from graphengine.diffusion.evaluation.fidelity import OneFigure, TwoFigures, measure_fidelity
from graphengine.diffusion.training.judging import generator_of, load_pipeline

pytestmark = pytest.mark.torch

EMBEDDED = Path(graphengine.diffusion.__file__).parent / "embedded" / "shapes-128"
STUDENT = EMBEDDED.with_name("four-steps")
MEGABYTE = 2**20


def shares(score: OneFigure | TwoFigures) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in asdict(score).items())


def test_the_embedded_model_is_small_and_plain() -> None:
    files = [path for path in EMBEDDED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 24 * MEGABYTE
    assert {path.suffix for path in files} == {".json", ".md", ".safetensors"}
    assert (EMBEDDED / "CARD.md").is_file()


def test_the_embedded_model_draws_what_it_is_asked_for(figure: Callable[[str], None]) -> None:
    fidelity = measure_fidelity(generator_of(load_pipeline(EMBEDDED)), batch=16)
    figure(f"64 held-out prompts with one figure: {shares(fidelity.one)}")
    figure(f"32 prompts with two figures: {shares(fidelity.two)}")
    assert fidelity.one.both >= 0.7


def test_the_embedded_student_draws_it_in_four_steps(figure: Callable[[str], None]) -> None:
    fidelity = measure_fidelity(generator_of(load_pipeline(STUDENT), steps=4, guidance=1.0), batch=16)
    figure(f"four steps, 64 held-out prompts with one figure: {shares(fidelity.one)}")
    figure(f"four steps, 32 prompts with two figures: {shares(fidelity.two)}")
    assert fidelity.one.both >= 0.85
    assert fidelity.one.shape >= 0.7
