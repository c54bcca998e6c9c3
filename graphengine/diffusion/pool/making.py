"""Making modules from what references describe."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from graphengine.diffusion.families.family import Loader, load_part
from graphengine.diffusion.loaded import Loaded
from graphengine.diffusion.pool.construction import construction
from graphengine.diffusion.types.refs import Patch, WeightsRef
from graphengine.errors import ModelRefused
from graphengine.models.source import Source

Patcher = Callable[[nn.Module, Patch], None]


@dataclass(frozen=True)
class Maker:
    """Makes modules on the host.

    Attributes:
        families: what makes the modules of each architecture.
        patchers: how each kind of patch changes a module, in place.
    """

    families: Mapping[str, Loader]
    patchers: Mapping[str, Patcher]

    def make(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> tuple[Loaded, float]:
        """Load the part that ``ref`` describes and patch it, under the construction lock.

        Returns:
            the modules, and the seconds that it took.

        Raises:
            ModelRefused: it cannot be loaded, or its family or a patch is unknown.
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
            for patch in ref.patches:
                self._apply(patch, loaded)
            return loaded, time.perf_counter() - started

    def _apply(self, patch: Patch, loaded: Loaded) -> None:
        patcher = self.patchers.get(patch.kind)
        if patcher is None:
            raise ModelRefused(f"no patch of models is called {patch.kind!r}")
        for module in loaded.modules:
            patcher(module, patch)
