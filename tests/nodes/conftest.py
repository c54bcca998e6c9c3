"""What tests of nodes share: pictures of noise, files, and a real context with a folder of its own."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import torch

from graphengine.diffusion.types.image import Image, Mask
from graphengine.files.digest import Digests
from graphengine.files.roots import File
from graphengine.node.context import RunInfo
from graphengine.run.context import CancelToken, RunScope, TaskContext
from graphengine.run.messages import Event

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
