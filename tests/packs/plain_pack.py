"""A small pack of plain nodes: what the engine's tests run, without torch."""

import asyncio
import time
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import node
from graphengine.node.lazy import Lazy
from graphengine.node.pack import Pack, Service
from graphengine.node.widgets import Slider, Under
from graphengine.types.builtin import Seed
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import SocketType


class Calls:
    """A service that counts: which node was called how often."""

    def __init__(self) -> None:
        self.names: list[str] = []


@node("plain.number", category="plain")
def number(value: float = 0.0) -> float:
    """A number."""
    return value


@node("plain.add", category="plain")
def add(a: float, b: float = 0.0, *, context: Context, calls: Calls) -> float:
    """Add two numbers."""
    calls.names.append(context.node)
    return a + b


@node("plain.pass", category="plain")
def passed(value: float, tag: int = 0) -> float:
    """Give back what came; ``tag`` tells calls apart that would else be the same."""
    return value


class Parts(NamedTuple):
    """A number taken apart."""

    whole: int
    rest: float


@node("plain.split", category="plain")
def split(value: float) -> Parts:
    """Take a number apart."""
    return Parts(int(value), value % 1)


@node("plain.word", category="plain")
def word(text: str = "", kind: Literal["upper", "lower"] = "upper") -> str:
    """Change the case of a text."""
    return text.upper() if kind == "upper" else text.lower()


@node("plain.limited", category="plain")
def limited(
    steps: Annotated[int, Field(ge=1, le=100), Slider(1, 50)] = 20, seed: Seed = Seed(0), switch: bool = False
) -> int:
    """Take values that are checked."""
    return steps + seed + int(switch)


@node("plain.read", category="plain", lane="io")
def read(file: Annotated[File, Under("inputs")]) -> str:
    """Read a text file."""
    return file.path.read_text()


@node("plain.write", category="plain", lane="io", sink=True)
def write(text: str, name: str = "{workflow}", *, context: Context) -> File:
    """Write a text file."""
    return context.save(name, ".txt", text.encode(), "text/plain")


@node("plain.fail", category="plain")
def fail(value: float = 0.0, how: Literal["expected", "bug", "type"] = "expected") -> float:
    """Fail as told."""
    if how == "expected":
        raise NodeError("there is no more", hint="Ask for less.")
    if how == "type":
        return "not a number"  # type: ignore[return-value]
    raise ZeroDivisionError("a bug")


@node("plain.steps", category="plain", lane="gpu")
def steps(count: int = 10, pause: float = 0.0, *, context: Context) -> int:
    """Take steps, and say so."""
    for step in range(count):
        time.sleep(pause)
        context.progress(step + 1, count)
    return count


@node("plain.sleep", category="plain", lane="io")
async def sleep(value: float, seconds: float = 0.0) -> float:
    """Wait without holding a thread."""
    await asyncio.sleep(seconds)
    return value


@node("plain.choose", category="plain")
def choose(first: bool, yes: Lazy[object], no: Lazy[object], *, context: Context, calls: Calls) -> object:
    """Give one of two values, and have only that one computed."""
    calls.names.append(context.node)
    return yes.get() if first else no.get()


@node("plain.sum_if", category="plain")
def sum_if(a: float, b: Lazy[float] | None = None, limit: float = 10.0) -> float:
    """Add the second number only if the first is below a limit."""
    return a if b is None or a >= limit else a + b.get()


@dataclass(frozen=True)
class Blob:
    """Raw bytes: what pictures and tensors are to the engine."""

    content: bytes


class BlobCodec:
    """Stores the bytes as two buffers, one of which may be empty."""

    def nbytes(self, value: Blob) -> int:
        return len(value.content)

    def encode(self, value: Blob) -> Encoded:
        view = memoryview(value.content)
        half = len(view) // 2
        return Encoded({"length": len(view)}, (view[:half], view[half:]))

    def decode(self, encoded: Encoded) -> Blob:
        content = b"".join(encoded.buffers)
        if encoded.meta.get("length") != len(content):
            raise ValueError("the length is wrong")
        return Blob(content)


@node("plain.blob", category="plain")
def blob(length: int = 1_000, fill: int = 0, pause: float = 0.0) -> Blob:
    """Make raw bytes, in some time."""
    time.sleep(pause)
    return Blob(bytes([fill % 256]) * length)


@node("plain.look", category="plain")
def look(blob: Blob) -> Blob:
    """Give raw bytes back."""
    return blob


BLOB = SocketType("Blob", Blob, BlobCodec(), "Raw bytes.")

PACK = Pack(name="plain", package=__name__, types=(BLOB,), services=(Service(Calls, lambda _: Calls()),))
