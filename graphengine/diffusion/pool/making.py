"""Making modules from what references describe."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from graphengine.diffusion.adapters.patcher import Patcher
from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.families.family import Loader, load_part
from graphengine.diffusion.loaded import Loaded, shared_copy
from graphengine.diffusion.pool.construction import construction
from graphengine.diffusion.types.refs import Patch, WeightsRef
from graphengine.errors import GraphEngineError, ModelRefused
from graphengine.models.source import Source


@dataclass(frozen=True)
class Maker:
    """Makes modules on the host.

    Attributes:
        families: what makes the modules of each architecture.
        patchers: how each kind of patch changes modules.
    """

    families: Mapping[str, Loader]
    patchers: Mapping[str, Patcher]

    def make(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> tuple[Loaded, float]:
        """Load the part that ``ref`` describes without its patches, under the construction lock.

        Returns:
            the modules, and the seconds that it took.

        Raises:
            ModelRefused: it cannot be loaded, or its family is unknown.
            OutOfMemory: there is no room for it.
        """
        family = self.families.get(ref.family)
        if family is None:
            raise ModelRefused(
                f"no family of models is called {ref.family!r}", hint=f"Known: {', '.join(self.families)}."
            )
        with construction():
            started = time.perf_counter()
            loaded = load_part(family, ref, source, dtype)
            return loaded, time.perf_counter() - started

    def patch(self, ref: WeightsRef, base: Loaded) -> tuple[Loaded, float]:
        """Patch what was loaded, under the construction lock; ``base`` stays as it is, and its tensors are shared.

        Returns:
            the modules, and the seconds that it took.

        Raises:
            ModelRefused: a patch is unknown, or does not fit.
            OutOfMemory: there is no room for it.
        """
        with construction():
            started = time.perf_counter()
            loaded: Any = shared_copy(base)
            for patch in ref.patches:
                loaded = self._patched(ref, patch, loaded)
            return loaded, time.perf_counter() - started

    def _patched(self, ref: WeightsRef, patch: Patch, loaded: Loaded) -> Loaded:
        patcher = self.patchers.get(patch.kind)
        if patcher is None:
            raise ModelRefused(f"no patch of models is called {patch.kind!r}")
        try:
            with memory_guard("patching a model"):
                return patcher(ref, loaded, patch)
        except GraphEngineError:
            raise
        except Exception as error:  # libraries may raise anything on weights that they were not made for
            named = "" if patch.source is None else f" {patch.source.reference!r}"
            raise ModelRefused(f"the {patch.kind}{named} cannot be applied to the {ref.part}: {error}") from error
