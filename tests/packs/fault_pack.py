"""A pack of nodes that crash, hang, exit and misbehave: what worker processes are for."""

import ctypes
import io
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from graphengine.files.roots import File
from graphengine.node.context import Attempt, Context, SharedContext
from graphengine.node.declare import injected, node
from graphengine.node.pack import Pack
from graphengine.node.together import Together
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import SocketType

Crash = Literal["segfault", "exit", "kill", "abort", "overflow"]
Hang = Literal["python", "native", "deadlock", "sleep"]


class Bulk:
    """Bytes that lie wherever they lie."""

    def __init__(self, data: Any) -> None:
        self.data = memoryview(data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bulk) and self.data == other.data

    __hash__ = None  # type: ignore[assignment]


class BulkCodec:
    """Stores the bytes; takes them as they lie."""

    def nbytes(self, value: Bulk) -> int:
        return value.data.nbytes

    def encode(self, value: Bulk) -> Encoded:
        return Encoded({}, (value.data,))

    def decode(self, encoded: Encoded) -> Bulk:
        if len(encoded.buffers) != 1:
            raise ValueError("a bulk was expected")
        return Bulk(encoded.buffers[0])


class Sealed(int):
    """A number that refuses to be pickled."""

    def __reduce__(self) -> Any:
        raise RuntimeError("sealed")


class Opened(int):
    """A number whose pickle cannot be read by anybody."""

    def __reduce__(self) -> Any:
        return (_refuse, ())


def _refuse() -> None:
    raise RuntimeError("no way in")


@node("fault.crash", category="fault")
def crash(how: Crash) -> int:
    """End the process in one of the ways that no exception handler sees."""
    match how:
        case "segfault":
            ctypes.string_at(1)
        case "exit":
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "abort":
            os.abort()
        case "overflow":
            _overflow()
    return 0


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)


def _overflow() -> None:
    """Recurse through native frames, which Python does not count."""
    sys.setrecursionlimit(2**30)

    @_CALLBACK
    def again(depth: int) -> int:
        return int(again(depth + 1))

    again(0)


@node("fault.shaky", category="fault", timeout=0.5, retries=2)
def shaky(value: float, how: Literal["crash", "hang"], times: int = 1, *, attempt: Attempt) -> float:
    """Crash or hang in the first attempts."""
    if attempt.number < times:
        crash("kill") if how == "crash" else time.sleep(1000)
    return value


def fragile_all(value: list[int], *, context: SharedContext) -> list[int]:
    """Do all of them in a process that dies of one."""
    return [fragile(each, context=context.calls[0]) for each in value]


@node("fault.fragile", category="fault", lane="gpu", timeout=0.5, together=Together(("value",), fragile_all))
def fragile(value: int, *, context: Context) -> int:
    """Crash at 13 and hang at 14."""
    if value == 13:
        crash("kill")
    if value == 14:
        time.sleep(1000)
    return value


def _note(log: str, *words: object) -> None:
    with Path(log).open("a", buffering=1) as file:
        file.write(" ".join(map(str, words)) + "\n")


@node("fault.noted", category="fault")
def noted(value: int, log: str, seconds: float = 0.05, *, context: Context) -> int:
    """Add one in some time, and note beginning and end in a file: which node, by which process, and when."""
    _note(log, "begin", context.node, os.getpid(), time.monotonic())
    time.sleep(seconds)
    _note(log, "end", context.node, os.getpid(), time.monotonic())
    return value + 1


@node("fault.picture", category="fault", lane="io", sink=True)
def picture(seed: int, log: str, side: int = 1_500, *, context: Context = injected) -> File:
    """Save a picture of noise, and note in a file when that begins and ends."""
    content = io.BytesIO()
    noise = random.Random(seed).randbytes(3 * side * side)
    Image.frombytes("RGB", (side, side), noise).save(content, "PNG", compress_level=1)
    _note(log, "begin", context.node, os.getpid(), time.monotonic())
    file = context.save("picture", ".png", content.getvalue(), "image/png")
    _note(log, "end", context.node, os.getpid(), time.monotonic())
    return file


@node("fault.poison", category="fault")
def poison(victim: str) -> int:
    """Kill the process whose number is in a file, as soon as there is one."""
    while not Path(victim).exists():
        time.sleep(0.01)
    os.kill(int(Path(victim).read_text()), signal.SIGKILL)
    time.sleep(1000)
    return 0


@node("fault.greedy", category="fault", shrinks=1)
def greedy(size: int = 2**60) -> int:
    """Want more memory than there is."""
    return len(bytearray(size))


@node("fault.hang", category="fault", timeout=0.5)
def hang(how: Hang) -> int:
    """Never return."""
    match how:
        case "python":
            while True:
                pass
        case "native":
            ctypes.PyDLL(None).sleep(1000)  # holds the interpreter lock
        case "deadlock":
            lock = threading.Lock()
            lock.acquire()
            lock.acquire()
        case "sleep":
            time.sleep(1000)
    return 0


@node("fault.deaf", category="fault")
def deaf(seconds: float = 1000.0) -> int:
    """Take a while, whatever anybody says."""
    time.sleep(seconds)
    return 0


@node("fault.quit", category="fault")
def quit_(code: int = 3) -> int:
    """Leave as a script would."""
    sys.exit(code)


@node("fault.where", category="fault")
def where(seconds: float = 0.0) -> int:
    """Return the process that made the call."""
    time.sleep(seconds)
    return os.getpid()


@node("fault.here", category="fault")
def here() -> int:
    """Return the process that made the call; another type of node than ``where``."""
    return os.getpid()


@node("fault.orphans", category="fault")
def orphans() -> int:
    """Leave a child behind that keeps everything open, and crash."""
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(4)


@node("fault.bulk", category="fault")
def bulk(size: int, fill: int = 0) -> Bulk:
    """Return many equal bytes."""
    return Bulk(bytearray([fill]) * size)


@node("fault.bulks", category="fault")
def bulks(sizes: str) -> list[Bulk]:
    """Return several bulks."""
    return [Bulk(bytearray([index]) * int(size)) for index, size in enumerate(sizes.split())]


@node("fault.total", category="fault")
def total(bulk: Bulk) -> int:
    """Return the sum of the first and the last byte."""
    return bulk.data[0] + bulk.data[-1]


@node("fault.scribble", category="fault")
def scribble(bulk: Bulk) -> int:
    """Break the law, and change an input."""
    bulk.data[0] = 255
    return bulk.data[0]


def sealed_all(how: list[Literal["sealed", "opened", "plain"]]) -> list[object]:
    """Return several numbers."""
    return [sealed(each) for each in how]


@node("fault.sealed", category="fault", together=Together(("how",), sealed_all))
def sealed(how: Literal["sealed", "opened", "plain"]) -> object:
    """Return a number, which may be one that cannot travel."""
    return {"sealed": Sealed, "opened": Opened, "plain": int}[how](1)


@node("fault.preview", category="fault")
def chatter(size: int, *, context: Context) -> int:
    """Tell something large, and something that cannot travel."""
    context.progress(1, 2, "x" * size)
    context.progress(Sealed(2), 2)
    return 0


PACK = Pack(name="fault", package=__name__, types=(SocketType("Bulk", Bulk, BulkCodec(), "Bytes."),))
