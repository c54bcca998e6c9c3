"""Keeping the state of a training in a test."""

from collections.abc import Callable

from graphengine.types.codec import Encoded


class Memory:
    """Keeps every state that is offered, as bytes."""

    def __init__(self) -> None:
        self.kept: Encoded | None = None

    def load(self) -> Encoded | None:
        return self.kept

    def offer(self, make: Callable[[], Encoded | None]) -> None:
        made = make()
        assert made is not None
        self.kept = Encoded(made.meta, tuple(bytes(buffer) for buffer in made.buffers))
