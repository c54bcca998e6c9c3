"""Where every module of the pool is, who needs it, and which must go; it decides, and moves nothing."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, NamedTuple

import torch

from graphengine.diffusion.pool.shelf import Rank, Shelf
from graphengine.diffusion.types.refs import Patch
from graphengine.models.parts import Part

State = Literal["coming", "device", "leaving", "host", "gone"]
"""``coming``: somebody brings it to the device; ``leaving``: from there to the host, or away; ``gone``: dropped, or it
could not be brought, and whoever waited for it begins anew."""

FORESEEN = 8
"""How many modules are remembered that calls to come need: two for a patched model, with patches and without.

What was foreseen before them is forgotten: its run may have been given up."""


class Key(NamedTuple):
    """What makes modules the same: equal keys share them."""

    digest: str
    part: Part
    family: str
    variant: str
    dtype: torch.dtype
    patches: tuple[Patch, ...]


@dataclass(slots=True, eq=False)
class Entry:
    """Modules, from when somebody wants them until they are dropped.

    Attributes:
        loaded: what the family's loader made; None before that.
        pins: how many use them or wait for them.
        load_seconds: what making them took.
        move_seconds: what moving them from the host to the device took.
        base: the modules whose tensors these share, which stay for as long as these are there; only their own tensors
            are counted.
        heirs: the modules that share tensors of these. They leave with them, and are dropped then.
    """

    key: Key
    state: State = "coming"
    loaded: Any = None
    nbytes: int = 0
    pins: int = 0
    load_seconds: float = 0.0
    move_seconds: float = 0.0
    base: "Entry | None" = None
    heirs: list["Entry"] = field(default_factory=list)


class Ledger:
    """The books of a pool. Every method is called with the pool's lock held.

    What somebody waits for passes through the host's memory and is not counted there; what nobody waits for is, if it
    may have to stay there. So the host's budget is never overrun, and the device's only by what is wanted now.

    Args:
        device: the byte budget of the device; None is no bound.
        host: that of the host's memory.
        apart: whether the device has memory of its own. If not, modules are made where they stay, there is no
            host beside it, and what leaves is dropped.
    """

    def __init__(self, device: int | None, host: int | None, *, apart: bool) -> None:
        self._device: Shelf[Key] = Shelf(device)
        self._host: Shelf[Key] = Shelf(host if apart else 0)
        self._apart = apart
        self._entries: dict[Key, Entry] = {}
        self._foreseen: deque[Key] = deque(maxlen=FORESEEN)
        self._kept: Counter[Key] = Counter()

    @property
    def on_device(self) -> int:
        """Bytes on the device, with those for which room was made there."""
        return self._device.nbytes

    @property
    def on_host(self) -> int:
        """Bytes that rest in the host's memory, where that is not the device's own."""
        return self._host.nbytes

    @property
    def over(self) -> bool:
        """Whether the device holds more than it may."""
        return not self._device.fits(0)

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for what is being brought."""
        return any(entry.state == "coming" and entry.pins for entry in self._entries.values())

    # -------------------------------------------------------------- who needs what

    def claim(self, key: Key) -> tuple[Entry, bool]:
        """Return the modules of ``key``, and whether it falls to the caller to bring them to the device."""
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = Entry(key)
            return entry, True
        if entry.state != "host":
            return entry, False
        entry.state = "coming"
        return entry, True

    def pin(self, entry: Entry) -> None:
        """Note that somebody uses the modules, or waits for them: what was foreseen has come."""
        entry.pins += 1
        if entry.state == "coming":
            self._host.take(entry.key)
        if entry.key in self._foreseen:
            self._foreseen.remove(entry.key)

    def unpin(self, entry: Entry) -> None:
        """Note that somebody does not use them any more."""
        entry.pins -= 1
        if entry.state == "device":
            self._device.touch(entry.key)

    def foresee(self, key: Key) -> None:
        """Let modules go only after all others, until they are used or many others are foreseen."""
        self._foreseen.append(key)

    def keep(self, keys: Iterable[Key]) -> None:
        """Let modules go only after all others, until :meth:`unkeep`."""
        self._kept.update(keys)

    def unkeep(self, keys: Iterable[Key]) -> None:
        """Take back one :meth:`keep`."""
        self._kept.subtract(keys)
        self._kept = +self._kept

    # -------------------------------------------------------------- making

    def inherit(self, entry: Entry, base: Entry) -> None:
        """Note that modules share tensors of others."""
        entry.base = base
        base.heirs.append(entry)

    def reserve(self, entry: Entry, nbytes: int) -> Sequence[Entry] | None:
        """Count ``nbytes`` for modules that come, where they will be made and may stay, and drop others for them.

        Returns:
            what was dropped, so that it can be freed; or None if nobody waits for the modules and there is no room
            for them, so that they are ``gone``.
        """
        shelf, rank = self._host if self._apart else self._device, self._rank(entry)
        shelf.take(entry.key)
        if self._apart and (entry.pins or self._device.could_fit(nbytes, rank)):
            return []  # they only pass through
        if not entry.pins and not shelf.could_fit(nbytes, rank):
            self.forget(entry)
            return None
        order = [self._entries[key] for key in shelf.order(rank)]
        dropped = self._displace(shelf, nbytes, order)
        shelf.put(entry.key, nbytes, entry.load_seconds)
        return dropped

    def forget(self, entry: Entry) -> None:
        """Count modules nowhere any more, nor those that share their tensors."""
        for heir in tuple(entry.heirs):
            self.forget(heir)
        if entry.base is not None:
            entry.base.heirs.remove(entry)
            entry.base = None
        self._device.take(entry.key)
        self._host.take(entry.key)
        del self._entries[entry.key]
        entry.state = "gone"

    def clear(self) -> Sequence[Entry]:
        """Drop everything that is not in use or on its way, and return it."""
        dropped = [entry for entry in self._entries.values() if self._idle(entry)]
        for entry in dropped:
            if entry.state != "gone":  # with what it shared
                self.forget(entry)
        return dropped

    # -------------------------------------------------------------- to the device, and away from it

    def next_out(self, comer: Entry | None = None, *, all_of_them: bool = False) -> Entry | None:
        """Return what must leave the device next, now ``leaving``, or None if there is room or nothing may go.

        Args:
            comer: what comes there, if anything; unless somebody waits for it, nothing leaves that is foreseen.
            all_of_them: whether everything leaves that may.
        """
        wanted = 0 if comer is None or comer.key in self._device else comer.nbytes
        if self._device.fits(wanted) and not all_of_them:
            return None
        rank = self._rank(comer)
        if comer is not None and not comer.pins and not self._device.could_fit(wanted, rank):
            return None  # in vain
        order = self._device.order(rank)
        if not order:
            return None
        entry = self._entries[order[0]]
        for heir in tuple(entry.heirs):
            self.forget(heir)
        entry.state = "leaving"
        return entry

    def stow(self, entry: Entry) -> Sequence[Entry] | None:
        """Count modules that leave the device in the host's memory, and drop there what is worth less.

        Returns:
            what was dropped; or None if they are not kept: there is no room but that of what is worth more, or they
            are made again from what they share.
        """
        if entry.base is not None:
            return None
        self._host.put(entry.key, entry.nbytes, entry.load_seconds)
        others = self._rank(None)
        order = self._host.order(lambda key: self._care(key) if key == entry.key else others(key))
        less = [self._entries[key] for key in order[: order.index(entry.key)]]
        if not self._host.fits(-sum(each.nbytes for each in less)):
            self._host.take(entry.key)
            return None
        return self._displace(self._host, 0, less)

    def left(self, entry: Entry, *, kept: bool) -> None:
        """Note that modules are no longer on the device."""
        self._device.evict(entry.key)
        if kept:
            entry.state = "host"
        else:
            self.forget(entry)

    def admit(self, entry: Entry) -> bool:
        """Count modules on the device; whether they may come: unless somebody waits for them they must fit.

        If not, they stay in the host's memory, or are ``gone`` if there is no room either.
        """
        if entry.key in self._device or entry.pins or self._device.fits(entry.nbytes):
            self._device.put(entry.key, entry.nbytes, self._way_back(entry))
            return True
        if entry.key not in self._host and self._host.fits(entry.nbytes):
            self._host.put(entry.key, entry.nbytes, entry.load_seconds)
        if entry.key in self._host:
            entry.state = "host"
        else:
            self.forget(entry)
        return False

    def arrived(self, entry: Entry) -> None:
        """Note that modules are ready on the device, with how long that took."""
        entry.state = "device"
        self._host.take(entry.key)
        self._device.put(entry.key, entry.nbytes, self._way_back(entry))

    # -------------------------------------------------------------- inside

    def _displace(self, shelf: Shelf[Key], nbytes: int, order: Iterable[Entry]) -> Sequence[Entry]:
        """Drop entries in their order until ``nbytes`` more fit, and return them."""
        dropped = []
        for entry in order:
            if shelf.fits(nbytes):
                break
            if entry.state == "gone":
                continue  # with what it shared
            shelf.evict(entry.key)
            self.forget(entry)
            dropped.append(entry)
        return dropped

    def _rank(self, comer: Entry | None) -> Rank[Key]:
        """Return who may go for ``comer``: for what nobody waits for, nothing that is foreseen."""
        return partial(self._place, sparing=comer is not None and not comer.pins)

    def _place(self, key: Key, *, sparing: bool) -> int | None:
        if not self._idle(self._entries[key]):
            return None
        care = self._care(key)
        return None if care and sparing else care

    def _care(self, key: Key) -> int:
        return int(key in self._foreseen or key in self._kept)

    def _idle(self, entry: Entry) -> bool:
        return not entry.pins and entry.state in {"device", "host"} and all(map(self._idle, entry.heirs))

    def _way_back(self, entry: Entry) -> float:
        """Return the seconds that it will take to get modules back that leave the device."""
        room = self._host.budget is None or entry.nbytes <= self._host.budget
        return entry.move_seconds + (0.0 if self._apart and room else entry.load_seconds)
