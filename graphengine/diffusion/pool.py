"""The pool: the one owner of weights in memory."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, overload

import torch
from torch import nn

from graphengine.diffusion.devices import choose_dtype, memory_guard
from graphengine.diffusion.families.family import Families, load_part
from graphengine.diffusion.families.table import FAMILIES
from graphengine.diffusion.loaded import Autoencoder, Denoiser, Loaded, TextStack, nbytes, place
from graphengine.diffusion.types.refs import ModelRef, Patch, TextEncoderRef, VaeRef, WeightsRef
from graphengine.diffusion.weights import open_source
from graphengine.errors import ModelRefused, OutOfMemory

Key = tuple[Any, ...]
Patcher = Callable[[nn.Module, Patch], None]

_CONSTRUCTION = threading.Lock()
"""Held while any module of this process is made. Loaders replace ``torch.nn`` functions for a moment, process-wide:
a module made beside them would come out without memory."""


@dataclass
class _Entry:
    loaded: Loaded
    nbytes: int
    pins: int = 0


class ModelPool:
    """Loads what references describe, shares it among all who use it, and stays within a byte budget.

    What is in use is pinned. What is not is dropped, least recently used first, while all together exceed the
    budget: only pinned modules may exceed it. Thread-safe; a module is never made twice at a time.

    Args:
        device: where the modules go.
        budget: bytes of parameters and buffers; None is no bound.
        families: the architectures it can load.
        patchers: how each kind of patch changes a module, in place, before anybody uses it.
    """

    def __init__(
        self,
        device: torch.device,
        budget: int | None = None,
        *,
        families: Families = FAMILIES,
        patchers: Mapping[str, Patcher] | None = None,
    ) -> None:
        self.device = device
        self.families = families
        self._budget = budget
        self._patchers = dict(patchers or {})
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    @overload
    def use(self, ref: ModelRef) -> AbstractContextManager[Denoiser]: ...
    @overload
    def use(self, ref: TextEncoderRef) -> AbstractContextManager[TextStack]: ...
    @overload
    def use(self, ref: VaeRef) -> AbstractContextManager[Autoencoder]: ...
    def use(self, ref: WeightsRef) -> AbstractContextManager[Any]:
        """Lend the module of ``ref`` for the length of a ``with`` block, loading it if need be.

        Raises:
            ModelRefused: the source cannot be loaded.
            OutOfMemory: there is no room for it, even with everything else that is not in use dropped.
        """
        return self._pinned(ref)

    def held(self) -> int:
        """Return the bytes that the pool holds now."""
        with self._lock:
            return self._total()

    def clear(self) -> None:
        """Drop everything that is not in use."""
        with self._lock:
            self._evict(0)

    @contextmanager
    def _pinned(self, ref: WeightsRef) -> Iterator[Loaded]:
        dtype = choose_dtype(ref.dtype, self.device)
        key = (ref.source.digest, ref.part, ref.family, ref.variant, dtype, ref.patches)
        entry = self._pin(key)
        if entry is None:
            with _CONSTRUCTION:  # another thread may have made it while this one waited
                entry = self._pin(key) or self._insert(key, self._make(ref, dtype), dtype)
        try:
            yield entry.loaded
        finally:
            with self._lock:
                entry.pins -= 1
                self._evict(self._budget)

    def _pin(self, key: Key) -> _Entry | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                entry.pins += 1
                self._entries.move_to_end(key)
            return entry

    def _insert(self, key: Key, loaded: Loaded, dtype: torch.dtype) -> _Entry:
        """Make room on the device, move ``loaded`` there and keep it, pinned once."""
        if self._budget is not None:
            with self._lock:
                self._evict(max(0, self._budget - nbytes(loaded)))
        try:
            with memory_guard("moving a model to its device"):
                place(loaded, self.device, dtype)
        except OutOfMemory:  # the budget was more than there is
            self.clear()
            with memory_guard("moving a model to its device"):
                place(loaded, self.device, dtype)
        entry = _Entry(loaded, nbytes(loaded), pins=1)
        with self._lock:
            self._entries[key] = entry
        return entry

    def _make(self, ref: WeightsRef, dtype: torch.dtype) -> Loaded:
        family = self.families.get(ref.family)
        if family is None:
            raise ModelRefused(
                f"no family of models is called {ref.family!r}", hint=f"Known: {', '.join(self.families)}."
            )
        loaded = load_part(family, ref, open_source(ref.source.path), dtype)
        for patch in ref.patches:
            self._apply(patch, loaded)
        return loaded

    def _apply(self, patch: Patch, loaded: Loaded) -> None:
        patcher = self._patchers.get(patch.kind)
        if patcher is None:
            raise ModelRefused(f"no patch of models is called {patch.kind!r}")
        for module in loaded.modules:
            patcher(module, patch)

    def _total(self) -> int:
        return sum(entry.nbytes for entry in self._entries.values())

    def _evict(self, budget: int | None) -> None:
        """Drop what is not pinned, oldest use first, until at most ``budget`` bytes are held."""
        total = self._total()
        for key, entry in list(self._entries.items()):
            if budget is None or total <= budget:
                break
            if entry.pins == 0:
                del self._entries[key]
                total -= entry.nbytes
