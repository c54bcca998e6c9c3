"""Weights that are not what their names say: packed, or divided by factors that lie beside them."""

from typing import Final

from graphengine.errors import ModelRefused
from graphengine.models.source import SingleFile, Source

_MARKS: Final = (".scale_weight", ".weight_scale", ".weight_scale_2", "scaled_fp8", ".quant_map", ".comfy_quant")
_PACKED: Final = ".quant_state."


def is_scaled(source: Source) -> bool:
    """Whether a single file holds weights that mean nothing without what lies beside them."""
    return isinstance(source, SingleFile) and any(
        name.endswith(_MARKS) or _PACKED in name for name in source.header.shapes
    )


def refuse_scaled(source: Source) -> None:
    """Refuse such a file: read as if they were plain, its weights would make pictures of noise.

    Raises:
        ModelRefused: it is one.
    """
    if is_scaled(source):
        raise ModelRefused(
            f"the weights of {source.path.name} are quantized, with factors beside them",
            hint="Take the model in fp16, bf16 or plain fp8.",
        )
