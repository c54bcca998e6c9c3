"""Opening one part of a model, where the parts lie in files of their own."""

from typing import Annotated, Literal

from graphengine.diffusion.families.table import open_checkpoint
from graphengine.diffusion.types.refs import DTypeName, ModelRef, TextEncoderRef, VaeRef
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under

DenoiserFile = Annotated[File, Under("models", "builtin", roles=("model", "denoiser"))]
TextEncoderFile = Annotated[File, Under("models", "builtin", roles=("model", "text_encoder"))]
VaeFile = Annotated[File, Under("models", "builtin", roles=("model", "vae"))]

Expert = Literal["high_noise", "low_noise"]

_EXPERTS: tuple[Expert, ...] = ("high_noise", "low_noise")
_HINT = "Take it from the model's diffusers folder, or from a file that holds the whole model."


@node(
    "model.load_denoiser",
    category="model",
    lane="io",
    title="Load denoiser",
    aliases=("UNETLoader", "Load diffusion model", "Load transformer"),
)
def load_denoiser(source: DenoiserFile, precision: DTypeName = "auto", expert: Expert = "high_noise") -> ModelRef:
    """Open the denoiser of a model, where it comes without text encoder and VAE.

    So Flux.1 and Wan are usually published: the denoiser as a single file, the other parts in the diffusers folder, or
    the VAE in a file too. The two experts of Wan 2.2's 14B are two denoisers, in files of their own or in one folder:
    the first half of the steps is for the one of high noise (see *Sample steps*), the rest for the other.

    Inputs:
        source: a single file or a folder.
        precision: the number format of the weights, as for loading a whole model.
        expert: which of the two of a folder that has two; other sources have one.

    Outputs:
        model: the denoiser.

    Errors: what is refused for a whole model, or there is no denoiser.
    """
    checkpoint = open_checkpoint(source, dtype=precision)
    if checkpoint.experts:
        return checkpoint.experts[_EXPERTS.index(expert)]
    if checkpoint.model is None:
        raise NodeError(f"{source.reference!r} holds no denoiser", hint=_HINT)
    return checkpoint.model


@node(
    "model.load_text_encoder",
    category="model",
    lane="io",
    title="Load text encoder",
    aliases=("CLIPLoader", "DualCLIPLoader", "TripleCLIPLoader"),
)
def load_text_encoder(source: TextEncoderFile, precision: DTypeName = "auto") -> TextEncoderRef:
    """Open the text encoders of a model.

    Inputs:
        source: the folder of a model of the same family, or a single file that holds them.
        precision: the number format of the weights.

    Outputs:
        text_encoder: all encoders that the family has, as one.

    Errors: what is refused for a whole model, or there is none.
    """
    found = open_checkpoint(source, dtype=precision).text_encoder
    if found is None:
        raise NodeError(f"{source.reference!r} holds no text encoder", hint=_HINT)
    return found


@node("model.load_vae", category="model", lane="io", title="Load VAE", aliases=("VAELoader", "Load autoencoder"))
def load_vae(source: VaeFile, precision: DTypeName = "auto") -> VaeRef:
    """Open the autoencoder of a model.

    Inputs:
        source: the folder of a model of the same family, or a single file that holds it.
        precision: the number format of the weights.

    Outputs:
        vae: what is between pictures and latents.

    Errors: what is refused for a whole model, or there is none.
    """
    found = open_checkpoint(source, dtype=precision).vae
    if found is None:
        raise NodeError(f"{source.reference!r} holds no VAE", hint=_HINT)
    return found
