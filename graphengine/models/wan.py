"""Wan 2.1 (Wan Team 2025), text to video, known by names, shapes and configurations."""

from typing import Final

from graphengine.models.built import UNET_PREFIX, Built, class_of, parts_of
from graphengine.models.source import ModelFolder, SingleFile, Source

FAMILY: Final = "wan"
VARIANT: Final = "t2v"

_TITLE: Final = "Wan text to video"
_SIZES: Final = {1536: " 1.3B", 5120: " 14B"}
"""What is said of the size, by the width of the tokens."""

_CHANNELS: Final = 16
_STRIDE: Final = 8
_TIME: Final = 4
_PATCH: Final = 2

_EMBEDDING: Final = "patch_embedding.weight"
_RELEASED: Final = ("head.head.weight", "blocks.0.cross_attn.q.weight")
_RENAMED: Final = ("proj_out.weight", "condition_embedder.time_proj.weight", "blocks.0.attn2.to_q.weight")
"""Names that the denoiser has in the layout of its release, and in that of diffusers."""

_OTHERS: Final = (
    *("img_emb.", "condition_embedder.image_embedder.", "vace_blocks.", "face_adapter.", "motion_encoder."),
    *("control_adapter.", "ref_conv.", "audio_", "casual_audio_encoder."),
)
"""What the denoisers of this architecture have that look at more than a text."""

_DECODERS: Final = {
    "decoder.middle.0.residual.0.gamma": "conv2.weight",
    "decoder.mid_block.resnets.0.norm1.gamma": "post_quant_conv.weight",
}
"""A name in the autoencoder, and where it takes latents, in both layouts."""


def detect(source: Source) -> Built | None:
    """Return how a model is built, or None if it is of another family.

    The denoiser is one that looks at a text alone: of Wan 2.1, or one of the two experts of Wan 2.2 in a file of its
    own. The folders of other models of this architecture have the same text encoder and autoencoder, and count as
    having no denoiser. A single file is a denoiser, with names of its release or of diffusers, or the autoencoder.

    Raises:
        ModelRefused: a folder lacks a configuration.
    """
    return _detect_file(source) if isinstance(source, SingleFile) else _detect_folder(source)


def prefix_of(source: SingleFile) -> str:
    """Return how the names of the denoiser's tensors begin."""
    return UNET_PREFIX if source.has(f"{UNET_PREFIX}{_EMBEDDING}") else ""


def layers_of(source: SingleFile) -> int:
    """Return how many blocks the denoiser of a file has."""
    start = f"{prefix_of(source)}blocks."
    return len({name[len(start) :].split(".")[0] for name in source.header.shapes if name.startswith(start)})


def widths_of(source: SingleFile) -> tuple[int, int]:
    """Return the width of the tokens in the denoiser of a file, and that between its layers."""
    prefix = prefix_of(source)
    names = (f"{prefix}blocks.0.ffn.0.weight", f"{prefix}blocks.0.ffn.net.0.proj.weight")
    inner, width = next(shape for name in names if (shape := source.shape(name)) is not None)
    return width, inner


def _detect_file(source: SingleFile) -> Built | None:
    if _is_denoiser(source):
        title = _TITLE + _SIZES.get(widths_of(source)[0], "")
        return Built(FAMILY, VARIANT, title, parts_of({"model": True}), "flow", _CHANNELS, _STRIDE, _PATCH, _TIME)
    entries = [source.shape(entry) for name, entry in _DECODERS.items() if source.shape(name) is not None]
    if entries and entries[0] is not None and entries[0][:2] == (_CHANNELS, _CHANNELS):
        parts = parts_of({"vae": True})
        return Built(FAMILY, VARIANT, "Wan VAE", parts, "flow", _CHANNELS, _STRIDE, _PATCH, _TIME)
    return None


def _is_denoiser(source: SingleFile) -> bool:
    prefix = prefix_of(source)
    entry = source.shape(f"{prefix}{_EMBEDDING}")
    if entry is None or entry[1:] != (_CHANNELS, 1, _PATCH, _PATCH):
        return False
    if any(source.has(f"{prefix}{other}") for other in _OTHERS):
        return False
    return any(all(source.shape(f"{prefix}{name}") for name in names) for names in (_RELEASED, _RENAMED))


def _detect_folder(source: ModelFolder) -> Built | None:
    if class_of(source.index, "text_encoder") != "UMT5EncoderModel" or class_of(source.index, "vae") != (
        "AutoencoderKLWan"
    ):
        return None
    vae = source.config("vae")
    channels = vae.get("z_dim", _CHANNELS)
    stride, time = vae.get("scale_factor_spatial", _STRIDE), vae.get("scale_factor_temporal", _TIME)
    parts = parts_of({"model": _is_whole(source, channels), "text_encoder": True, "vae": True})
    return Built(FAMILY, VARIANT, _TITLE, parts, "flow", channels, stride, _PATCH, time)


def _is_whole(source: ModelFolder, channels: int) -> bool:
    """Whether a folder has one denoiser, which looks at a text alone and is told one time for all tokens."""
    one = class_of(source.index, "transformer") == "WanTransformer3DModel" and not class_of(
        source.index, "transformer_2"
    )
    if not one or source.index.get("expand_timesteps"):
        return False
    transformer = source.config("transformer")
    patch = tuple(transformer.get("patch_size", (1, _PATCH, _PATCH)))
    given = transformer.get("in_channels", _CHANNELS)
    return (given, patch, transformer.get("image_dim")) == (channels, (1, _PATCH, _PATCH), None)
