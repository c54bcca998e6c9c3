"""What the tests of the pool share: a clock that only fake models advance, and stages with fake models."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_models import Clock, FakeAccelerator, Stage, background_threads, make_stage
from tiny_models import make_model, model, quiet

__all__ = ["make_model", "model", "quiet"]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Loading takes what a test says, and otherwise no time: what leaves first does not depend on the machine."""
    made = Clock()
    for room in ("carrier", "making"):
        monkeypatch.setattr(f"graphengine.diffusion.pool.{room}.time", made)
    return made


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Stage]]:
    """Make pools of fake models; at the end nothing of them is at work any more."""
    made: list[Stage] = []

    def make(budget: int | None = 1000, host_budget: int | None = None, way: FakeAccelerator | None = None) -> Stage:
        made.append(make_stage(tmp_path, clock, budget, host_budget, way))
        return made[-1]

    yield make
    for each in made:
        each.pool.close()
        assert each.pool.held() == each.pool.held_on_host() == 0
    assert background_threads() == []


@pytest.fixture
def host(stage: Callable[..., Stage]) -> Stage:
    """A pool on the host, with room for two models and a half."""
    return stage()


@pytest.fixture
def device(stage: Callable[..., Stage]) -> Stage:
    """A pool on a device with memory of its own, with room for two models and a half, and as much on the host."""
    return stage(1000, 1000, FakeAccelerator())
