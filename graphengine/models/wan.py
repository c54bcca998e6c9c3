"""Wan 2.1 and 2.2 (Wan Team 2025), text and image to video, known by names, shapes and configurations."""

from typing import Final

from graphengine.models.built import UNET_PREFIX, Built, class_of, parts_of
from graphengine.models.source import ModelFolder, SingleFile, Source

FAMILY: Final = "wan"
T2V: Final = "t2v"
TI2V: Final = "ti2v"
"""The 5B of Wan 2.2, whose autoencoder is another, and which is told a time for each token."""

I2V: Final = "i2v"
"""Image to video: the 14B of Wan 2.1, and the experts of Wan 2.2, which take frames beside the latents."""

HIGH: Final = "high"
LOW: Final = "low"
"""Behind the variant of an expert: for much noise, or for little."""

_DENOISERS: Final = ("transformer", "transformer_2")

_TITLES: Final = {T2V: "Wan text to video", TI2V: "Wan text to video", I2V: "Wan image to video"}
_SIZES: Final = {1536: " 1.3B", 3072: " 5B", 5120: " 14B"}
"""What is said of the size, by the width of the tokens."""

_CHANNELS: Final = 16
_GIVEN: Final = 20
"""The channels of given frames: of their latents, and of four that mark them."""

_FORMS: Final = {_CHANNELS: (T2V, _CHANNELS, 8), 48: (TI2V, 48, 16), _CHANNELS + _GIVEN: (I2V, _CHANNELS, 8)}
"""The variant, the channels of latents and the stride, by the channels that the denoiser takes."""

_STRIDE: Final = 8
_TIME: Final = 4
_PATCH: Final = 2

_EMBEDDING: Final = "patch_embedding.weight"
_RELEASED: Final = ("head.head.weight", "blocks.0.cross_attn.q.weight")
_RENAMED: Final = ("proj_out.weight", "condition_embedder.time_proj.weight", "blocks.0.attn2.to_q.weight")
"""Names that the denoiser has in the layout of its release, and in that of diffusers."""

_LOOKS: Final = ("img_emb.", "condition_embedder.image_embedder.")
"""What a denoiser has that looks at what an encoder sees in the first frame."""

_VISION: Final = ("img_emb.proj.0.weight", "condition_embedder.image_embedder.norm1.weight")
PLACES: Final = ("img_emb.emb_pos", "condition_embedder.image_embedder.pos_embed")
"""Places of what is seen in a first and a last frame, in the layout of the release, and in that of diffusers."""

_OTHERS: Final = (
    *("vace_blocks.", "face_adapter.", "motion_encoder."),
    *("control_adapter.", "ref_conv.", "audio_", "casual_audio_encoder."),
)
"""What the denoisers of this architecture have that look at more than a text and frames."""

_DECODERS: Final = {
    "decoder.middle.0.residual.0.gamma": "conv2.weight",
    "decoder.mid_block.resnets.0.norm1.gamma": "post_quant_conv.weight",
}
"""A name in the autoencoder, and where it takes latents, in both layouts."""


def detect(source: Source) -> Built | None:
    """Return how a model is built, or None if it is of another family.

    The denoiser is one of text to video or of image to video: of Wan 2.1, the 5B of Wan 2.2, or one of the two experts
    of its 14B, in a file of its own or both in a folder. The folders of other models of this architecture have the same
    text encoder and autoencoder, and count as having no denoiser. A single file is a denoiser, with names of its
    release or of diffusers, or the autoencoder of Wan 2.1.

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


def sight_of(source: SingleFile) -> tuple[int, int]:
    """Return how wide what an encoder sees is that the denoiser of a file takes, and how many places it has.

    Both are 0 where it does not look.
    """
    prefix = prefix_of(source)
    width = next((shape[0] for name in _VISION if (shape := source.shape(f"{prefix}{name}"))), 0)
    places = next((shape[1] for name in PLACES if (shape := source.shape(f"{prefix}{name}"))), 0)
    return width, places


def _detect_file(source: SingleFile) -> Built | None:
    if _is_denoiser(source):
        variant, channels, stride = _FORMS[channels_of(source)]
        title = _TITLES[variant] + _SIZES.get(widths_of(source)[0], "")
        return Built(FAMILY, variant, title, parts_of({"model": True}), "flow", channels, stride, _PATCH, _TIME)
    entries = [source.shape(entry) for name, entry in _DECODERS.items() if source.shape(name) is not None]
    if entries and entries[0] is not None and entries[0][:2] == (_CHANNELS, _CHANNELS):
        parts = parts_of({"vae": True})
        return Built(FAMILY, T2V, "Wan VAE", parts, "flow", _CHANNELS, _STRIDE, _PATCH, _TIME)
    return None


def channels_of(source: SingleFile) -> int:
    """Return the channels that a denoiser takes; 0 if it takes no patches as they must be."""
    entry = source.shape(f"{prefix_of(source)}{_EMBEDDING}") or ()
    return entry[1] if entry[2:] == (1, _PATCH, _PATCH) else 0


def _is_denoiser(source: SingleFile) -> bool:
    prefix = prefix_of(source)
    if channels_of(source) not in _FORMS:
        return False
    others = _OTHERS if channels_of(source) == _CHANNELS + _GIVEN else (*_OTHERS, *_LOOKS)
    if any(source.has(f"{prefix}{other}") for other in others):
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
    taken = [_taken_by(source, part, channels) for part in _DENOISERS if class_of(source.index, part) is not None]
    variant = TI2V if source.index.get("expand_timesteps") else I2V if taken[:1] == [channels + _GIVEN] else T2V
    known = None not in taken and len(set(taken)) == 1
    parts = parts_of({"model": known and len(taken) == 1, "text_encoder": True, "vae": True})
    experts = tuple(f"{variant}_{each}" for each in (HIGH, LOW)) if known and len(taken) > 1 else ()
    return Built(FAMILY, variant, _TITLES[variant], parts, "flow", channels, stride, _PATCH, time, experts)


def _taken_by(source: ModelFolder, part: str, channels: int) -> int | None:
    """Return the channels that a denoiser of a folder takes, if it is one of texts or of frames."""
    if class_of(source.index, part) != "WanTransformer3DModel":
        return None
    transformer = source.config(part)
    patch = tuple(transformer.get("patch_size", (1, _PATCH, _PATCH)))
    given: int = transformer.get("in_channels", _CHANNELS)
    looks = transformer.get("image_dim") is not None
    known = given == channels + _GIVEN or (given == channels and not looks)
    return given if known and patch == (1, _PATCH, _PATCH) else None
