"""A small pack of plain nodes: what the engine's tests run, without torch."""

import asyncio
import itertools
import math
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple
from weakref import WeakSet

from pydantic import Field

from graphengine.errors import NodeError, OutOfMemory
from graphengine.files.roots import File
from graphengine.node.checkpoints import Checkpoints
from graphengine.node.context import Attempt, Context, Preview, SharedContext
from graphengine.node.declare import injected, node
from graphengine.node.lazy import Lazy
from graphengine.node.lists import ItemsOf, LengthOf
from graphengine.node.pack import Pack, Service
from graphengine.node.together import Together
from graphengine.node.widgets import Slider, Under
from graphengine.types.builtin import Seed
from graphengine.types.codec import Encoded, JsonCodec
from graphengine.types.socket_type import SocketType


class Calls:
    """A service that counts: which node was called how often."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.alive: WeakSet[Any] = WeakSet()
        self.most_alive = 0
        self.expected: list[str] = []

    def expect(self, values: Sequence[Any]) -> None:
        if values[0].name == "poison":
            raise ValueError("a service that is at fault")
        self.expected += [value.name for value in values]


@dataclass(frozen=True)
class Blob:
    """Raw bytes: what pictures and tensors are to the engine."""

    content: bytes


@node("plain.number", category="plain")
def number(value: float = 0.0) -> float:
    """A number."""
    return value


@node("plain.add", category="plain")
def add(a: float, b: float = 0.0, *, context: Context = injected, calls: Calls = injected) -> float:
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
def write(text: str, name: str = "{workflow}", *, context: Context = injected) -> File:
    """Write a text file."""
    return context.save(name, ".txt", text.encode(), "text/plain")


class Speechless(Exception):
    """An error whose text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


Fault = Literal["expected", "bug", "exit", "cancelled", "speechless"]


@node("plain.fail", category="plain")
def fail(value: float = 0.0, how: Fault = "expected") -> float:
    """Fail as told."""
    match how:
        case "expected":
            raise NodeError("there is no more", hint="Ask for less.")
        case "bug":
            raise ZeroDivisionError("a bug")
        case "exit":
            raise SystemExit(3)
        case "cancelled":
            raise asyncio.CancelledError
        case "speechless":
            raise Speechless


@node("plain.flaky", category="plain", retries=2, shrinks=2)
def flaky(
    value: float = 0.0, how: Literal["bug", "room", "busy", "wrong"] = "bug", times: int = 1, *, attempt: Attempt
) -> float:
    """Fail some times, as told, and then return."""
    if attempt.number >= times:
        return value
    match how:
        case "bug":
            raise ZeroDivisionError("a bug")
        case "room":
            raise OutOfMemory("no room")
        case "busy":
            raise NodeError("busy", transient=True)
        case "wrong":
            raise NodeError("wrong for ever")


class Shares(NamedTuple):
    """How large the pieces were in which a call was made."""

    pieces: int
    attempt: int


@node("plain.shrinking", category="plain", shrinks=3)
def shrinking(size: int = 8, room: int = 2, *, attempt: Attempt) -> Shares:
    """Need half the room in each attempt that found too little."""
    if size >> attempt.smaller > room:
        raise OutOfMemory("no room")
    return Shares(1 << attempt.smaller, attempt.number)


def halve_all(
    value: list[float], steps: list[int], digits: int, *, context: SharedContext, calls: Calls
) -> list[float]:
    """Halve several numbers, step by step; 13 spoils them all, and with -1 one is lost."""
    calls.names.append(f"{len(value)} together")
    if 13 in value:
        raise ValueError("one of them is 13")
    for step in range(max(steps)):
        time.sleep(0.005)
        context.progress(step + 1, max(steps))
    for index, call in enumerate(context.calls):
        call.preview(lambda index=index: Preview("text/plain", str(value[index]).encode(), 1, 1))
    results = [round(each / 2**count, digits) for each, count in zip(value, steps, strict=True)]
    return results[:-1] if -1 in value else results


@node(
    "plain.halve",
    category="plain",
    lane="gpu",
    retries=1,
    together=Together(over=("value", "steps"), function=halve_all, limit=4),
)
def halve(value: float, steps: int = 1, digits: int = 6, *, context: Context, calls: Calls) -> float:
    """Halve a number, step by step; 13 is none that can be."""
    calls.names.append(context.node)
    if value == 13:
        raise NodeError("13 cannot be halved")
    for step in range(steps):
        time.sleep(0.005)
        context.progress(step + 1, steps)
    return round(value / 2**steps, digits)


class Results(NamedTuple):
    """One output of each plain type, and lists."""

    number: float
    whole: int
    matrix: list[list[int]]
    anything: object


@node("plain.results", category="plain")
def results(which: Literal["good", "type", "infinite", "nan", "switch", "row", "endless"] = "good") -> Results:
    """Give results that are right, or wrong in one place."""
    good = Results(1, 2, [[3], [4, 5]], "x")
    wrong: dict[str, Any] = {
        "type": {"number": "not a number"},
        "infinite": {"number": math.inf},
        "nan": {"number": math.nan},
        "switch": {"whole": True},
        "row": {"matrix": [[1], ["2"]]},
        "endless": {"anything": math.inf},
    }
    return good._replace(**wrong.get(which, {}))


@node("plain.numbers", category="plain")
def numbers(values: list[float]) -> Annotated[list[float], ItemsOf("values")]:
    """A list of numbers."""
    return values


@node("plain.count", category="plain")
def count_up(count: int, start: float = 0.0) -> Annotated[list[float], LengthOf("count")]:
    """The numbers from ``start`` on."""
    return [start + index for index in range(count)]


@node("plain.digits", category="plain")
def digits(value: float) -> list[int]:
    """The digits of a number: nobody knows how many before."""
    return [int(each) for each in str(int(value))]


@node("plain.total", category="plain")
def total(values: list[float], *, context: Context, calls: Calls) -> float:
    """Add the numbers of a list."""
    calls.names.append(context.node)
    return sum(values)


@node("plain.fail_at", category="plain")
def fail_at(value: float, bad: float) -> float:
    """Fail at one number."""
    if value == bad:
        raise NodeError("this is the one")
    return value


@node("plain.show", category="plain")
def show(value: float) -> str:
    """Write a number."""
    return str(value)


@node("plain.frames", category="plain")
def frames(count: int = 3, length: int = 1_000, *, calls: Calls) -> Iterator[Blob]:
    """Give raw bytes one after another, and note when the last was asked for, or nobody wants more."""
    calls.names.append("opened")
    try:
        for index in range(count):
            blob = Blob(bytes([index % 256]) * length)
            calls.alive.add(blob)
            calls.most_alive = max(calls.most_alive, len(calls.alive))
            yield blob
    finally:
        calls.names.append("closed")


@node("plain.sizes", category="plain")
def sizes(blobs: Iterator[Blob]) -> int:
    """Add the sizes of a sequence."""
    return sum(len(each.content) for each in blobs)


@node("plain.head", category="plain")
def head(blobs: Iterator[Blob], count: int = 1) -> list[Blob]:
    """Take the first of a sequence."""
    return list(itertools.islice(blobs, count))


@node("plain.between", category="plain")
def between(values: Iterator[float]) -> Iterator[float]:
    """Give the numbers of a sequence, and between any two the one in the middle."""
    before = None
    for value in values:
        if before is not None:
            yield (before + value) / 2
        yield value
        before = value


@node("plain.naturals", category="plain")
def naturals(count: int) -> Iterator[int]:
    """Give the first natural numbers."""
    yield from range(count)


@node("plain.sum_up", category="plain")
def sum_up(values: Iterator[float]) -> float:
    """Add the numbers of a sequence."""
    return sum(values)


@node("plain.sum_up_to", category="plain")
def sum_up_to(limit: float, values: Iterator[float]) -> float:
    """Add the numbers of a sequence as long as they are below a limit."""
    return sum(itertools.takewhile(lambda value: value < limit, values))


@node("plain.below", category="plain")
def below(value: float, limit: float = 100.0) -> bool:
    """Say whether a number is below a limit."""
    return value < limit


class Traced:
    """A value that can be seen to be alive."""


class TracedCodec(JsonCodec):
    """Traced values are never stored, and stand for large ones."""

    def nbytes(self, value: Any) -> int:
        return 64 * 2**20


@node("plain.traced", category="plain")
def traced(before: Traced | None = None, *, calls: Calls) -> Traced:
    """Make a traced value, and note how many are alive."""
    value = Traced()
    calls.alive.add(value)
    calls.most_alive = max(calls.most_alive, len(calls.alive))
    return value


@node("plain.steps", category="plain", lane="gpu")
def steps(count: int = 10, pause: float = 0.0, *, context: Context) -> int:
    """Take steps, and say so."""
    for step in range(count):
        time.sleep(pause)
        context.progress(step + 1, count)
    return count


@node("plain.climb", category="plain", lane="io")
def climb(
    height: int = 10,
    pause: float = 0.0,
    fall: int = -1,
    weight: int = 100,
    *,
    context: Context,
    checkpoints: Checkpoints,
) -> int:
    """Go up step by step, from where one was before, and with ``weight`` bytes; fail at one step."""
    state = checkpoints.load()
    begin = 0 if state is None else state.meta["step"]
    if state is not None and bytes(state.buffers[0]) != bytes([begin % 256]) * weight:
        raise ValueError("the state is not the one that was kept")
    for step in range(begin + 1, height + 1):
        time.sleep(pause)
        checkpoints.offer(lambda step=step: Encoded({"step": step}, (bytes([step % 256]) * weight,)))
        if step == fall:
            raise NodeError("it is too high")
        context.progress(step, height)
    return height


@node("plain.parts", category="plain", lane="gpu")
def parts(pause: float = 0.0, *, context: Context) -> int:
    """Take time in named parts: two that are inside another, and one beside it."""
    with context.span("outer"):
        for name in ("first", "second"):
            with context.span(name):
                time.sleep(pause)
    with context.span("beside"):
        time.sleep(pause)
    return 1


@node("plain.crossing", category="plain")
def crossing(*, context: Context) -> int:
    """Take time in parts of two threads, which overlap, and fail inside a part."""
    overlap = threading.Barrier(2)

    def part(name: str) -> None:
        with context.span(name):
            overlap.wait(5)
            time.sleep(0.005 if name == "one" else 0.01)

    threads = [threading.Thread(target=part, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    for thread in threads:
        thread.join()
    with context.span("last"):
        raise NodeError("it ends here")


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


@node("plain.blobs", category="plain")
def blobs(count: int = 3, length: int = 100_000) -> list[Blob]:
    """Make several raw bytes."""
    return [Blob(bytes([index]) * length) for index in range(count)]


@node("plain.first_byte", category="plain")
def first_byte(blob: Blob) -> int:
    """Give the first byte."""
    return blob.content[0]


@dataclass(frozen=True)
class Recipe:
    """What takes long to prepare, by its name: what models are to the engine."""

    name: str


class RecipeCodec:
    """Stores the name."""

    def nbytes(self, value: Recipe) -> int:
        return len(value.name)

    def encode(self, value: Recipe) -> Encoded:
        return Encoded({"name": value.name})

    def decode(self, encoded: Encoded) -> Recipe:
        return Recipe(encoded.meta["name"])


@node("plain.recipe", category="plain", lane="io")
def open_recipe(file: File, precision: Literal["auto", "float32", "float16"] = "auto") -> Recipe:
    """Say that a file is to be prepared, in some number format."""
    return Recipe(f"{file.path.name} {precision}")


@node("plain.season", category="plain")
def season(recipe: Recipe, salt: File | None = None) -> Recipe:
    """Prepare it with something more."""
    return Recipe(f"{recipe.name} and {salt.path.name if salt else 'nothing'}")


@node("plain.hoard", category="plain", lane="io")
def hoard(size: int, pause: float = 0.01) -> int:
    """Take memory for a while."""
    content = bytearray(size)
    content[::1000] = b"x" * len(content[::1000])  # the system gives what is written to
    time.sleep(pause)
    return len(content)


@node("plain.cook", category="plain", lane="gpu")
def cook(recipe: Recipe, patience: float = 0.0, *, calls: Calls) -> str:
    """Say what was expected, and wait some time for it."""
    end = time.monotonic() + patience
    while not calls.expected and time.monotonic() < end:
        time.sleep(0.005)
    return ", ".join(calls.expected)


BLOB = SocketType("Blob", Blob, BlobCodec(), "Raw bytes.")
RECIPE = SocketType("Recipe", Recipe, RecipeCodec(), "What takes long to prepare.", lasting=False, weights=True)
TRACED = SocketType("Traced", Traced, TracedCodec(), "A value that can be seen to be alive.", lasting=False)

PACK = Pack(name="plain", package=__name__, types=(BLOB, RECIPE, TRACED), services=(Service(Calls, lambda _: Calls()),))
