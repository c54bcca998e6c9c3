"""The kinds of patches."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from graphengine.diffusion.adapters.embedding import apply_embedding
from graphengine.diffusion.adapters.lora import apply_lora
from graphengine.diffusion.adapters.merge import apply_merge
from graphengine.diffusion.adapters.patcher import Patchers
from graphengine.diffusion.adapters.weights import apply_weights
from graphengine.diffusion.control.ip_adapters import IMAGE_ENCODER, apply_encoder
from graphengine.diffusion.families.family import Loader


def patchers_with(families: Mapping[str, Loader]) -> Patchers:
    """Return what makes each kind of patch.

    Args:
        families: what loads the other model of a merge.
    """
    merge = partial(apply_merge, families)
    return MappingProxyType(
        {
            "lora": apply_lora,
            "embedding": apply_embedding,
            "merge": merge,
            "weights": apply_weights,
            IMAGE_ENCODER: apply_encoder,
        }
    )
