"""LoRAs."""

from typing import Annotated, NamedTuple

from pydantic import Field

from graphengine.diffusion.adapters.lora_check import check_lora
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.refs import ModelRef, Patch, TextEncoderRef
from graphengine.files.roots import File
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Slider, Under

LoraFile = Annotated[File, Under("models", "builtin", roles=("lora",))]
Strength = Annotated[float, Field(ge=-20, le=20), Slider(-2, 2, 0.05)]


class Adapted(NamedTuple):
    """The parts of a model, changed."""

    model: ModelRef
    text_encoder: TextEncoderRef


@node(
    "adapter.lora",
    category="adapter",
    title="Apply LoRA",
    lane="gpu",
    aliases=("Load LoRA", "LoRA loader", "LoRA stack", "LoCon"),
)
def lora(
    model: ModelRef,
    encoder: TextEncoderRef,
    file: LoraFile,
    strength: Strength = 1.0,
    text_strength: Strength = 1.0,
    *,
    pool: ModelPool = injected,
) -> Adapted:
    """Change a model by a LoRA; several nodes in a row make a stack.

    The model itself stays as it is, and is not copied: the LoRA's matrices are computed beside its layers.

    Inputs:
        model: the denoiser.
        encoder: the text encoder of the same model.
        file: a safetensors file with keys as kohya's scripts or diffusers write them, or a folder as peft saves it;
            ranks may differ from layer to layer, and convolutions may be among these.
        strength: of what it has for the denoiser: 1 is as it was trained, 0 leaves the denoiser as it is, and less
            than 0 leads away from what it was trained on.
        text_strength: the same for the text encoder.

    Outputs:
        model, text_encoder: the changed parts.

    Errors: the file is a pickle or no LoRA, or has weights that have no place in the model.

    Source: Hu et al., LoRA: Low-Rank Adaptation of Large Language Models (2022).
    """
    changed = [ref for ref, much in ((model, strength), (encoder, text_strength)) if much]
    if changed:
        check_lora(pool, file, *changed)
    return Adapted(model.patched(Patch("lora", file, strength)), encoder.patched(Patch("lora", file, text_strength)))


@node(
    "adapter.lora_model",
    category="adapter",
    title="Apply LoRA to the denoiser alone",
    lane="gpu",
    aliases=("LoRA loader, model only",),
)
def lora_model(model: ModelRef, file: LoraFile, strength: Strength = 1.0, *, pool: ModelPool = injected) -> ModelRef:
    """Change a denoiser by a LoRA, and leave its text encoder as it is.

    Inputs:
        model: the denoiser.
        file: as for Apply LoRA; what it has for text encoders is not used.
        strength: 1 is as it was trained, 0 leaves the denoiser as it is.

    Outputs:
        model: the changed denoiser.

    Errors: as for Apply LoRA.
    """
    if strength:
        check_lora(pool, file, model)
    return model.patched(Patch("lora", file, strength))
