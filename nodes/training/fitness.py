"""Which models can be trained."""

from graphengine.diffusion.types.refs import ModelRef, TextEncoderRef
from graphengine.errors import NodeError


def refuse_adapted(model: ModelRef, encoder: TextEncoderRef) -> None:
    """Refuse models whose weights are not all their own."""
    if model.controls or any(patch.kind == "lora" for patch in model.patches):
        raise NodeError(
            "the model carries a LoRA or a ControlNet already",
            hint="Link the model as it was before; apply the others to what was trained afterwards.",
        )
    if any(patch.kind in {"lora", "embedding"} for patch in encoder.patches):
        raise NodeError(
            "the text encoder carries a LoRA or a learned word already", hint="Link the text encoder as it was before."
        )
