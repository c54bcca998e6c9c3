"""The pool: loads what references describe, shares it, and keeps within the memory it was given."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, overload

import torch

from graphengine.diffusion.adapters.patcher import Patchers
from graphengine.diffusion.adapters.table import patchers_with
from graphengine.diffusion.devices import choose_dtype
from graphengine.diffusion.families.family import Families
from graphengine.diffusion.families.table import FAMILIES
from graphengine.diffusion.loaded import (
    Autoencoder,
    ControlNetwork,
    Denoiser,
    DepthNetwork,
    FrameNetwork,
    ImageEncoder,
    Loaded,
    PictureNetwork,
    PipelineParts,
    TextStack,
)
from graphengine.diffusion.networks import NETWORKS
from graphengine.diffusion.pool.background import Background
from graphengine.diffusion.pool.carrier import Carrier
from graphengine.diffusion.pool.ledger import FORESEEN, Entry, Key, Ledger
from graphengine.diffusion.pool.making import Maker
from graphengine.diffusion.pool.transport import TorchTransport, Transport
from graphengine.diffusion.types.refs import (
    ControlNetRef,
    DepthModelRef,
    ImageEncoderRef,
    InterpolatorRef,
    ModelRef,
    PipelineRef,
    TextEncoderRef,
    UpscalerRef,
    VaeRef,
    WeightsRef,
)
from graphengine.errors import OutOfMemory
from graphengine.models.use import DeviceUse


class ModelPool:
    """Loads what references describe, shares it among all who use it, and stays within its byte budgets.

    What is in use is pinned. Of the rest, what is soonest back per byte leaves the device while all together exceed
    its budget: to the host's memory, while there is room for it in the host's budget, and from there it comes back
    without its file. A device that computes in the host's memory has the one budget, and what leaves it is dropped.
    Only what is in use, or about to be, may exceed a budget. What is patched shares the tensors of what it was before,
    and leaves with it. Thread-safe; a module is never made twice at a time, and
    whoever uses one that is there waits for nobody.

    Args:
        device: where the modules go.
        budget: bytes of parameters and buffers on the device; None is no bound.
        host_budget: the same for what rests in the host's memory because a device with memory of its own has no room
            for it; None is no bound. What passes through on its way to the device is not counted.
        families: the architectures it can load, beside the networks of :mod:`graphengine.diffusion.networks`.
        patchers: how each kind of patch changes a copy that shares its tensors with the original; None are those of
            :mod:`graphengine.diffusion.adapters.table`.
        transport: the way to the device and back; by default torch's.
    """

    def __init__(
        self,
        device: torch.device,
        budget: int | None = None,
        *,
        host_budget: int | None = None,
        families: Families = FAMILIES,
        patchers: Patchers | None = None,
        transport: Transport | None = None,
    ) -> None:
        self.device = device
        self.families = families
        way = self._way = transport or TorchTransport(device)
        self._ledger = Ledger(budget, host_budget, apart=way.apart)
        self._changed = threading.Condition()  # guards the ledger; held for moments only
        loaders = {**NETWORKS, **families}
        maker = Maker(loaders, patchers_with(loaders) if patchers is None else patchers)
        self._carrier = Carrier(self._ledger, self._changed, maker, way)
        self._background: Background[WeightsRef] = Background(self._fetch, FORESEEN)
        self._closed = False
        self._lately: dict[Key, int] = {}  # the bytes of what was used since somebody took note
        self._hosted = 0  # the bytes in the host's memory then

    # -------------------------------------------------------------- for nodes

    @overload
    def use(self, ref: ModelRef) -> AbstractContextManager[Denoiser]: ...
    @overload
    def use(self, ref: TextEncoderRef) -> AbstractContextManager[TextStack]: ...
    @overload
    def use(self, ref: VaeRef) -> AbstractContextManager[Autoencoder]: ...
    @overload
    def use(self, ref: ControlNetRef) -> AbstractContextManager[ControlNetwork]: ...
    @overload
    def use(self, ref: DepthModelRef) -> AbstractContextManager[DepthNetwork]: ...
    @overload
    def use(self, ref: InterpolatorRef) -> AbstractContextManager[FrameNetwork]: ...
    @overload
    def use(self, ref: ImageEncoderRef) -> AbstractContextManager[ImageEncoder]: ...
    @overload
    def use(self, ref: PipelineRef) -> AbstractContextManager[PipelineParts]: ...
    @overload
    def use(self, ref: UpscalerRef) -> AbstractContextManager[PictureNetwork]: ...
    @overload
    def use(self, ref: WeightsRef) -> AbstractContextManager[Loaded]: ...
    def use(self, ref: WeightsRef) -> AbstractContextManager[Any]:
        """Lend the module of ``ref`` for the length of a ``with`` block, loading it if need be.

        If the block ends for want of memory, everything that is not in use leaves the device, so that a smaller
        attempt finds what room there is.

        Raises:
            ModelRefused: the source cannot be loaded.
            OutOfMemory: there is no room for it, even with everything else that is not in use dropped.
        """
        return self._lent(ref)

    def held(self) -> int:
        """Return the bytes that the pool holds on the device now."""
        with self._changed:
            return self._ledger.on_device

    def held_on_host(self) -> int:
        """Return the bytes that rest in the host's memory beside those now; 0 where that is the device's own."""
        with self._changed:
            return self._ledger.on_host

    def take(self) -> DeviceUse | None:
        """See :class:`graphengine.node.pack.Gauge`."""
        with self._changed:
            used, self._lately = self._lately, {}
            on_device, before = self._ledger.on_device, self._hosted
            self._hosted = self._ledger.on_host + (0 if self._way.apart else on_device)
            loaded = max(0, self._hosted - before)
        if not used:
            return None
        weights, most = sum(used.values()), self._way.most()
        working = max(0, most - max(weights, on_device))
        return DeviceUse(str(self.device), self._way.capacity(), weights, working, loaded)

    def clear(self) -> None:
        """Drop everything that is not in use, from all memory."""
        self._carrier.clear()

    # -------------------------------------------------------------- for who knows what comes next

    def expect(self, values: Sequence[Any]) -> None:
        """Prepare for calls with ``values`` that will come soon: see :class:`~graphengine.node.pack.Foresight`.

        What references among them describe leaves after all else, until it was used, and is loaded ahead.
        """
        for ref in _refs(values):
            with self._changed:
                for key in self._keys(ref):
                    self._ledger.foresee(key)
            self.prefetch(ref)

    @contextmanager
    def keep(self, *refs: WeightsRef) -> Iterator[None]:
        """Let what ``refs`` describe leave after all else, for the length of a ``with`` block; loads nothing."""
        keys = [key for ref in refs for key in self._keys(ref)]
        with self._changed:
            self._ledger.keep(keys)
        try:
            yield
        finally:
            with self._changed:
                self._ledger.unkeep(keys)

    def prefetch(self, ref: WeightsRef) -> None:
        """Load ``ref`` in the background, as far as there is room beside what is in use, expected or kept.

        Returns at once, and reports nothing: an error comes when the module is used. On a device without room it
        gets as far as the host's memory. Prefetches are made one by one, and none begins while a call waits for
        modules of its own. Patches are made when they are wanted.
        """
        self._background.ask(_base(ref))

    def close(self) -> None:
        """End what is done ahead, and drop everything that is not in use."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._background.close()
        self.clear()

    # -------------------------------------------------------------- inside

    @contextmanager
    def _lent(self, ref: WeightsRef) -> Iterator[Loaded]:
        entry = self._acquire(ref)
        scarce = False
        try:
            yield entry.loaded
        except OutOfMemory:
            scarce = True
            raise
        finally:
            with self._changed:
                for used in (entry, entry.base):
                    if used is not None:
                        self._lately[used.key] = used.nbytes
                self._ledger.unpin(entry)
                over = self._ledger.over
            if over or scarce:
                self._carrier.make_room(all_of_it=scarce)

    def _acquire(self, ref: WeightsRef) -> Entry:
        """Return modules that are on the device, pinned."""
        entry, mine = self._pinned(self._key(ref))
        if mine and ref.patches:
            self._derive(ref, entry)
        elif mine:
            self._carrier.bring(ref, entry)
        return entry

    def _derive(self, ref: WeightsRef, entry: Entry) -> None:
        """Make modules from those without patches, which are pinned in the meantime."""
        pinned: list[Entry] = []

        def base() -> Entry:
            pinned.append(self._acquire(_base(ref)))
            return pinned[0]

        try:
            self._carrier.derive(ref, entry, base)
        finally:
            with self._changed:
                for each in pinned:
                    self._ledger.unpin(each)

    def _pinned(self, key: Key) -> tuple[Entry, bool]:
        """Return modules, pinned, that are on the device, or that it falls to the caller to bring there."""
        with self._changed:
            while True:
                entry, mine = self._ledger.claim(key)
                self._ledger.pin(entry)
                settled = False
                try:
                    settled = mine or self._waited_for(entry)
                finally:
                    if not settled:
                        self._ledger.unpin(entry)
                if settled:
                    return entry, mine

    def _waited_for(self, entry: Entry) -> bool:
        """Wait until modules are no longer on their way; return whether they are on the device then."""
        self._changed.wait_for(lambda: entry.state not in {"coming", "leaving"})
        return entry.state == "device"

    def _fetch(self, ref: WeightsRef) -> None:
        """Bring modules to the device, or near it, for nobody yet."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._ledger.urgent)
            if self._closed:
                return
            entry, mine = self._ledger.claim(self._key(ref))
        if mine:
            self._carrier.bring(ref, entry)

    def _keys(self, ref: WeightsRef) -> list[Key]:
        """Return the keys of what a reference needs: the modules without patches, and those with."""
        return [self._key(each) for each in ([_base(ref), ref] if ref.patches else [ref])]

    def _key(self, ref: WeightsRef) -> Key:
        family = self.families.get(ref.family)
        half = torch.float16 if family is None else family.half(ref.part)
        dtype = choose_dtype(ref.dtype, self.device, half)
        return Key(ref.source.digest, ref.part, ref.family, ref.variant, dtype, ref.patches)


def _base(ref: WeightsRef) -> WeightsRef:
    return replace(ref, patches=())


def _refs(values: Sequence[Any]) -> Iterator[WeightsRef]:
    for value in values:
        if isinstance(value, WeightsRef):
            yield value
            if isinstance(value, ModelRef):
                yield from (control.network for control in value.controls)
        elif isinstance(value, list | tuple):
            yield from _refs(value)
