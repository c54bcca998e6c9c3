"""What tests of nodes share: pictures of noise, files, tiny models, and contexts: a real one with a folder of its own,
and one that writes down what it is told."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image as Pil
from tiny_families import base, dev, make_tiny, refiner, schnell, third, wan
from tiny_models import make_model, model, quiet, velocity_model

from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import Cancelled
from graphengine.files.digest import Digests
from graphengine.files.roots import File
from graphengine.node.context import Preview, RunInfo
from graphengine.run.context import CancelToken, RunScope, TaskContext
from graphengine.run.messages import Event

__all__ = [
    "base",
    "dev",
    "make_model",
    "make_tiny",
    "model",
    "quiet",
    "refiner",
    "schnell",
    "third",
    "velocity_model",
    "wan",
]

WORKFLOW = {"format": "graphengine.workflow", "version": 1, "title": "Ein Test — 試験", "nodes": {}}


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture
def noise() -> Callable[..., Image]:
    def make(batch: int = 1, height: int = 6, width: int = 8, channels: int = 3) -> Image:
        return Image(torch.rand(batch, height, width, channels))

    return make


@pytest.fixture
def mask_noise() -> Callable[..., Mask]:
    def make(batch: int = 1, height: int = 6, width: int = 8) -> Mask:
        return Mask(torch.rand(batch, height, width))

    return make


@pytest.fixture
def eight_bits() -> Callable[[Image], Image]:
    """Round colours to what a file with 8 bits can hold."""
    return lambda image: Image((image.pixels * 255).round() / 255)


@pytest.fixture
def file_of() -> Callable[[Path], File]:
    digests = Digests()
    return lambda path: File(path.name, path, digests.of(path))


@pytest.fixture
def picture_file(tmp_path: Path, file_of: Callable[[Path], File]) -> File:
    path = tmp_path / "picture.png"
    Pil.new("RGB", (48, 40), "red").save(path)
    return file_of(path)


@pytest.fixture
def events() -> list[Event]:
    """What the context told, in order."""
    return []


@pytest.fixture
def token() -> CancelToken:
    return CancelToken()


@pytest.fixture
def context(tmp_path: Path, events: list[Event], token: CancelToken) -> TaskContext:
    scope = RunScope(
        info=RunInfo("run-1", "sunset", WORKFLOW),
        output_folder=tmp_path / "outputs",
        token=token,
        tell=events.append,
        previews=True,
        started=datetime(2026, 5, 31, 14, 3, 59),  # noqa: DTZ001 - the local time in names
    )
    return TaskContext(scope, "picture")


@dataclass
class Notes:
    """A context for one call of a node, outside any run."""

    node: str = "node"
    cancel_at: int | None = None
    looks: bool = True
    steps: list[tuple[int, int]] = field(default_factory=list)
    previews: list[Preview] = field(default_factory=list)

    @property
    def run(self) -> RunInfo:
        workflow: Mapping[str, Any] = {}
        return RunInfo("run", "A test", workflow)

    def check(self) -> None:
        if self.cancel_at is not None and len(self.steps) >= self.cancel_at:
            raise Cancelled

    def progress(self, step: int, total: int, message: str = "") -> None:
        self.steps.append((step, total))
        self.check()

    def span(self, name: str) -> AbstractContextManager[None]:
        return nullcontext()

    def preview(self, make: Callable[[], Preview]) -> None:
        if self.looks:
            self.previews.append(make())

    def save(self, pattern: str, suffix: str, content: bytes, media_type: str) -> File:
        raise AssertionError("this node does not save")


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def unwatched() -> Notes:
    """A context whose previews nobody looks at."""
    return Notes(looks=False)
