"""The hands of the pool: they make modules, and move them where the ledger says."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from graphengine.diffusion.loaded import nbytes, shares
from graphengine.diffusion.pool.ledger import Entry, Ledger
from graphengine.diffusion.pool.making import Maker
from graphengine.diffusion.pool.transport import Transport
from graphengine.diffusion.types.refs import WeightsRef
from graphengine.errors import OutOfMemory
from graphengine.models.parts import count_weights
from graphengine.models.source import open_source


class Carrier:
    """Brings modules to the device and sends them away. What it does takes seconds; the ledger is locked for moments.

    Args:
        changed: guards the ledger; everybody who waits is told when modules have come or gone.
    """

    def __init__(self, ledger: Ledger, changed: threading.Condition, maker: Maker, transport: Transport) -> None:
        self._ledger = ledger
        self._changed = changed
        self._maker = maker
        self._transport = transport
        self._moving = threading.Lock()  # one move at a time; taken before the ledger's

    def bring(self, ref: WeightsRef, entry: Entry) -> None:
        """Bring modules that are ``coming`` to the device, and make them if need be.

        If nobody waits for them and there is no room, they get as far as the host's memory, or are gone.

        Raises:
            ModelRefused: they cannot be made.
            OutOfMemory: there is no room. On an error they are gone, and whoever waits for them begins anew.
        """
        with self._or_forget(entry):
            if entry.loaded is not None or self._make(ref, entry):
                with self._moving:
                    self._move(entry)

    def derive(self, ref: WeightsRef, entry: Entry, base: Callable[[], Entry]) -> None:
        """Make modules that are ``coming`` from those that ``ref`` describes without its patches.

        Args:
            ref: with patches.
            entry: what somebody waits for.
            base: returns the modules without patches, on the device and pinned; they may be let go afterwards.

        Raises:
            ModelRefused, OutOfMemory: as :meth:`bring`, and of ``base``.
        """
        with self._or_forget(entry):
            shared = base()
            entry.loaded, entry.load_seconds = self._maker.patch(ref, shared.loaded)
            entry.nbytes = nbytes(entry.loaded, entry.key.dtype, beside=shared.loaded)
            if shares(entry.loaded, shared.loaded):
                with self._changed:
                    self._ledger.inherit(entry, shared)
            if self._reserve(entry, entry.nbytes):
                with self._moving:
                    self._move(entry)

    def make_room(self, *, all_of_it: bool = False) -> None:
        """Let go from the device what is over its budget, or everything that may go."""
        with self._moving:
            self._send_away_for(None, all_of_it=all_of_it)

    def clear(self) -> None:
        """Drop everything that may go, from all memory."""
        with self._changed:
            dropped = self._ledger.clear()
        _free(dropped)
        self._transport.tidy()

    # -------------------------------------------------------------- making

    @contextmanager
    def _or_forget(self, entry: Entry) -> Iterator[None]:
        """Let nobody wait for modules that could not be brought."""
        try:
            yield
        except BaseException:
            with self._changed:
                self._ledger.forget(entry)
                self._changed.notify_all()
            raise

    def _make(self, ref: WeightsRef, entry: Entry) -> bool:
        """Make modules; return whether there is room for them."""
        dtype = entry.key.dtype
        source = open_source(ref.source.path)
        if not self._reserve(entry, count_weights(source, ref.part) * dtype.itemsize):
            return False
        entry.loaded, entry.load_seconds = self._maker.make(ref, source, dtype)
        entry.nbytes = nbytes(entry.loaded, dtype)
        return self._reserve(entry, entry.nbytes)

    def _reserve(self, entry: Entry, count: int) -> bool:
        with self._changed:
            dropped = self._ledger.reserve(entry, count)
            if dropped is None:
                self._changed.notify_all()
                return False
        _free(dropped)
        return True

    # -------------------------------------------------------------- moving, one at a time

    def _move(self, entry: Entry) -> None:
        self._send_away_for(entry)
        with self._changed:
            if not self._ledger.admit(entry):
                self._changed.notify_all()
                return
        started = time.perf_counter()
        try:
            self._transport.bring(entry.loaded, entry.key.dtype)
        except OutOfMemory:  # the budget was more than there is
            if not entry.pins:
                raise
            self._send_away_for(entry, all_of_it=True)
            self._transport.bring(entry.loaded, entry.key.dtype)
        with self._changed:
            entry.move_seconds = time.perf_counter() - started
            self._ledger.arrived(entry)
            self._changed.notify_all()
        self._send_away_for(None)  # while nobody waited for these, others may have overrun the budget

    def _send_away_for(self, comer: Entry | None, *, all_of_it: bool = False) -> None:
        """Let go from the device what must, so that there is room for ``comer``."""
        moved = False
        while True:
            with self._changed:
                entry = self._ledger.next_out(comer, all_of_them=all_of_it)
            if entry is None:
                break
            self._send_away(entry)
            moved = True
        if moved:
            self._transport.tidy()

    def _send_away(self, entry: Entry) -> None:
        """Move modules to the host's memory if they are worth it there; else drop them."""
        with self._changed:
            dropped = self._ledger.stow(entry)
        kept = False
        try:
            if dropped is not None:
                _free(dropped)
                self._transport.stow(entry.loaded)
                kept = True
        except OutOfMemory:
            kept = False
        finally:
            with self._changed:
                self._ledger.left(entry, kept=kept)
                self._changed.notify_all()
            if not kept:
                _free([entry])


def _free(entries: Sequence[Entry]) -> None:
    """Free what was dropped; without a lock, as gigabytes take their time."""
    for entry in entries:
        entry.loaded = None
