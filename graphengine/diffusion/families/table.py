"""The architectures that can be loaded, and how a source finds its own."""

from dataclasses import dataclass, replace

from graphengine.diffusion.families.family import Families
from graphengine.diffusion.families.flux import Flux
from graphengine.diffusion.families.sd import StableDiffusion
from graphengine.diffusion.families.sd3 import StableDiffusion3
from graphengine.diffusion.families.sdxl import StableDiffusionXL
from graphengine.diffusion.families.wan import Wan
from graphengine.diffusion.types.refs import DTypeName, ModelRef, TextEncoderRef, VaeRef
from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.models.prediction import Prediction
from graphengine.models.scaled import refuse_scaled
from graphengine.models.source import open_source

FAMILIES: Families = {
    family.name: family for family in (StableDiffusion(), StableDiffusionXL(), StableDiffusion3(), Flux(), Wan())
}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """References to the parts of a model; None where the source has no such part.

    Attributes:
        experts: denoisers that share the steps, the first for much noise; then there is no ``model`` for all of them.
    """

    model: ModelRef | None
    text_encoder: TextEncoderRef | None
    vae: VaeRef | None
    experts: tuple[ModelRef, ...] = ()


def open_checkpoint(
    source: File,
    *,
    dtype: DTypeName = "auto",
    prediction: Prediction | None = None,
    families: Families = FAMILIES,
) -> Checkpoint:
    """Find out what ``source`` is and return references to its parts; no weights are loaded.

    Args:
        source: a diffusers folder or a safetensors file.
        dtype: the number format for all parts.
        prediction: what the denoiser predicts, where the file cannot tell: None trusts the detection.
        families: the architectures to try, in their order.

    Raises:
        ModelRefused: it is unsafe, broken, quantized or of no known architecture.
    """
    opened = open_source(source.path)
    refuse_scaled(opened)
    for family in families.values():
        found = family.detect(opened)
        if found is None:
            continue
        name, variant, parts = family.name, found.variant, found.parts
        if prediction and prediction != found.prediction == "flow":
            raise ModelRefused(
                f"the denoiser of {source.reference!r} predicts a flow, not {prediction}",
                hint="Leave the prediction to be found out (auto).",
            )
        kind = prediction or found.prediction
        denoiser = ModelRef(source, name, variant, dtype, latent=found.latent, prediction=kind)
        return Checkpoint(
            denoiser if "model" in parts else None,
            TextEncoderRef(source, name, variant, dtype) if "text_encoder" in parts else None,
            VaeRef(source, name, variant, dtype) if "vae" in parts else None,
            tuple(replace(denoiser, variant=each) for each in found.experts),
        )
    raise ModelRefused(
        f"{source.reference!r} is of no known architecture",
        hint=f"Known: {', '.join(families)}; sd is Stable Diffusion 1 and 2, wan is Wan's video models. "
        "Load pipeline takes folders of others.",
    )
