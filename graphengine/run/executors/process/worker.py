"""A worker, from outside: a process with a socket to talk over, a pipe that brings it cancels, and one for hints."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

from graphengine.run.executors.process.job import Errand
from graphengine.run.executors.process.patience import Deadline
from graphengine.run.executors.process.segments import INLINE_BYTES
from graphengine.run.executors.process.wire import CANCEL, Frames, Scope, Setup, dumps, frame, loads

_PIECE = 32 * 1024  # what the allocator gives without asking the system
_FLAGS = ("-u", "-X", "faulthandler")  # what a node prints, and where it crashed, must get out in time
_ROOM = 4 * INLINE_BYTES  # in the socket: for a run and an order, which are no larger each
_PROGRAM = "import sys; sys.path[:] = {path!r}; from graphengine.run.executors.process.child import main; main{ends}"


class Worker:
    """One process; its supervisor alone touches it.

    A new interpreter, not a fork of this one: threads and locks do not survive a fork, nor does CUDA. It has
    a process group of its own, so that Ctrl-C is the engine's business and a kill takes its children along.

    Attributes:
        ready: it has loaded the packs.
        job: what it does.
        deadline: when its time is up, if ever.
    """

    def __init__(self, lane: str, setup: Setup) -> None:
        """Start the process.

        Raises:
            OSError: the system has no process, memory or descriptor left.
        """
        self.lane = lane
        self.prefix = setup.prefix
        self.ready = False
        self.job: Errand | None = None
        self.deadline: Deadline | None = None
        self._scope: Scope | None = None
        self._frames = Frames()
        self.socket, theirs = socket.socketpair()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        self._hints, hears = socket.socketpair(type=socket.SOCK_DGRAM)
        self._hints.setblocking(False)
        listens, self._control = os.pipe()
        ends = (theirs.fileno(), listens, hears.fileno())
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the program is ours
                [sys.executable, *_FLAGS, "-c", _PROGRAM.format(path=sys.path, ends=ends)],
                stdin=subprocess.DEVNULL,
                pass_fds=ends,
                start_new_session=True,
            )
        except OSError:
            self._hang_up()
            raise
        finally:
            theirs.close()
            hears.close()
            os.close(listens)
        self.socket.setblocking(False)
        self._send(dumps(setup))

    def start(self, job: Errand) -> bool:
        """Send a job; return whether the worker took it. It waits for one, so that this never blocks."""
        self.job = job
        if job.scope is not None and self._scope != job.scope:
            self._scope = job.scope
            if not self._send(job.scope_message()):
                return False
        return self._send(job.message)

    def cancel(self, number: int) -> None:
        """Ask the call to stop at its next step."""
        with suppress(OSError):
            os.write(self._control, CANCEL.pack(number))

    def foresee(self, message: bytes) -> None:
        """Tell of a call that will come. If that cannot be said at once, it is not said."""
        if len(message) <= INLINE_BYTES:
            with suppress(OSError):
                self._hints.send(message)

    def receive(self) -> Iterator[object]:
        """Yield what the worker has said.

        Raises:
            EOFError: it has hung up.
        """
        try:
            piece = self.socket.recv(_PIECE)
        except BlockingIOError:
            return
        except ConnectionError:
            piece = b""
        if not piece:
            raise EOFError
        yield from map(loads, self._frames.feed(piece))

    def exit_code(self, seconds: float = 0) -> int | None:
        """Return how the process ended, or None if it has not ``seconds`` from now."""
        if not seconds:
            return self._process.poll()
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End the process and those it started, at once."""
        with suppress(ProcessLookupError, PermissionError):  # all gone, or only a zombie is left
            os.killpg(self._process.pid, signal.SIGKILL)
        self._hang_up()

    def _hang_up(self) -> None:
        self.socket.close()
        self._hints.close()
        os.close(self._control)

    def _send(self, payload: bytes) -> bool:
        framed = frame(payload)
        try:
            return self.socket.send(framed) == len(framed)
        except OSError:
            return False
