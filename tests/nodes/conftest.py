"""What the tests of the built-in nodes share: tiny models, and a context that writes down what it is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tiny_models import make_model, model, quiet

from graphengine.errors import Cancelled
from graphengine.files.roots import File
from graphengine.node.context import Preview, RunInfo

__all__ = ["make_model", "model", "quiet"]


@dataclass
class Notes:
    """A context for one call of a node, outside any run."""

    node: str = "node"
    cancel_at: int | None = None
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

    def preview(self, make: Callable[[], Preview]) -> None:
        self.previews.append(make())

    def save(self, pattern: str, suffix: str, content: bytes, media_type: str) -> File:
        raise AssertionError("this node does not save")


@pytest.fixture
def notes() -> Notes:
    return Notes()
