"""How single files are known: by the names and shapes of their tensors.

The names are those under which the authors of the architectures, and the programs that train them, publish weights.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from graphengine.models.ifnet import layout_of

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]

FileRole = Literal[
    "denoiser",
    "vae",
    "text_encoder",
    "image_encoder",
    "lora",
    "controlnet",
    "adapter",
    "embedding",
    "upscaler",
    "depth",
    "interpolator",
]

_PREFIX: Final = "model.diffusion_model."


@dataclass(frozen=True, slots=True)
class Signature:
    """What a file is known as."""

    role: FileRole
    family: str
    title: str
    variant: str = ""


TRAINED_DEPTH: Final = Signature("depth", "", "Depth network, trained here")
"""What Train depth model leaves."""

Test = Callable[["Names"], bool]


class Names:
    """The tensors of a file, a denoiser's without the prefix that they have beside other parts."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._bare = {name.removeprefix(_PREFIX): shape for name, shape in shapes.items()}

    def __len__(self) -> int:
        return len(self._shapes)

    def has(self, *names: str) -> bool:
        """Whether there are all of these."""
        return all(name in self._bare for name in names)

    @property
    def is_flow_network(self) -> bool:
        """Whether it is a network that sees what moves between two frames."""
        return layout_of(self._shapes) is not None

    def shape(self, name: str) -> Shape:
        """Return the shape of a tensor; an empty one if it is not there."""
        return self._bare.get(name, ())

    def begins(self, *prefixes: str) -> bool:
        """Whether the name of any begins with one of these."""
        return any(name.startswith(prefixes) for name in self._bare)

    def ends(self, *suffixes: str) -> bool:
        """Whether the name of any ends with one of these."""
        return any(name.endswith(suffixes) for name in self._bare)

    def last(self, *parts: str) -> int:
        """Return the last size of the first tensor whose name holds all of these; 0 if there is none."""
        found = (shape for name, shape in self._bare.items() if shape and all(part in name for part in parts))
        return next((shape[-1] for shape in found), 0)


def signature_of(shapes: Shapes) -> Signature | None:
    """Return what a file is known as, or None."""
    names = Names(shapes)
    found = next((signature for test, signature in _SIGNATURES if test(names)), None)
    if found is not None and found.role in ("lora", "controlnet"):
        family, title = _base_of(names)
        return replace(found, family=family, title=f"{found.title} for {title}" if title else found.title)
    return found


def _is_lora(names: Names) -> bool:
    return names.ends("lora_down.weight", "lora_A.weight", "lora.down.weight", ".hada_w1_a", ".lokr_w1")


def _is_embedding(names: Names) -> bool:
    return names.has("emb_params") or (names.begins("clip_l", "clip_g") and len(names) <= 2)


_SIGNATURES: Final[tuple[tuple[Test, Signature], ...]] = (
    # what changes a model or goes beside it, first: it names parts of the model
    (_is_lora, Signature("lora", "", "LoRA")),
    (lambda n: n.begins("control_model.", "controlnet_"), Signature("controlnet", "", "ControlNet")),
    (lambda n: n.begins("ip_adapter."), Signature("adapter", "", "IP-Adapter")),
    (lambda n: n.begins("adapter.body.", "body.0.resnets."), Signature("adapter", "", "T2I-Adapter")),
    (_is_embedding, Signature("embedding", "", "Textual inversion")),
    # denoisers, with other parts or alone
    (
        lambda n: n.shape("label_emb.0.0.weight")[-1:] == (2560,),
        Signature("denoiser", "sdxl", "Stable Diffusion XL refiner", "refiner"),
    ),
    (
        lambda n: n.has("label_emb.0.0.weight") or n.has("add_embedding.linear_1.weight"),
        Signature("denoiser", "sdxl", "Stable Diffusion XL"),
    ),
    (lambda n: n.begins("joint_blocks.0.context_block."), Signature("denoiser", "sd3", "Stable Diffusion 3")),
    (
        lambda n: n.begins("double_blocks.0.img_attn.") and n.begins("guidance_in."),
        Signature("denoiser", "flux", "Flux.1 dev", "dev"),
    ),
    (
        lambda n: n.begins("txt_in.individual_token_refiner."),
        Signature("denoiser", "hunyuan_video", "HunyuanVideo"),
    ),
    (
        lambda n: n.begins("double_stream_modulation_img."),
        Signature("denoiser", "flux2", "Flux.2"),
    ),
    (
        lambda n: n.begins("double_blocks.0.img_attn.", "single_transformer_blocks.0.attn."),
        Signature("denoiser", "flux", "Flux.1"),
    ),
    (
        lambda n: n.has("txt_norm.weight", "img_in.weight") and n.begins("transformer_blocks.0.attn.add_"),
        Signature("denoiser", "qwen_image", "Qwen-Image"),
    ),
    (lambda n: n.begins("noise_refiner.0.") and n.begins("cap_embedder."), Signature("denoiser", "lumina", "Lumina")),
    (
        lambda n: len(n.shape("patch_embedding.weight")) == 5 and n.begins("blocks.0.cross_attn."),
        Signature("denoiser", "wan", "Wan"),
    ),
    (lambda n: n.has("patchify_proj.weight"), Signature("denoiser", "ltx", "LTX-Video")),
    (lambda n: n.begins("double_layers.0.attn."), Signature("denoiser", "auraflow", "AuraFlow")),
    (
        lambda n: n.has("t_block.1.weight") and n.begins("y_embedder."),
        Signature("denoiser", "pixart", "PixArt"),
    ),
    (
        lambda n: n.begins("down_blocks.0.resnets.0.time_emb_proj."),
        Signature("denoiser", "sd", "Stable Diffusion, denoiser as diffusers names it"),
    ),
    # the other parts of models
    (
        lambda n: n.begins("decoder.middle.0.residual.") or n.has("decoder.mid_block.resnets.0.norm1.gamma"),
        Signature("vae", "wan", "Wan VAE"),
    ),
    (lambda n: n.has("decoder.conv_in.weight"), Signature("vae", "", "VAE")),
    (lambda n: n.begins("decoder.layers.", "taesd_decoder."), Signature("vae", "", "Tiny VAE")),
    (lambda n: n.begins("vision_model.encoder.layers.0."), Signature("image_encoder", "clip", "CLIP vision encoder")),
    (
        lambda n: n.begins("text_model.encoder.layers.0.", "transformer.resblocks.0."),
        Signature("text_encoder", "clip", "CLIP text encoder"),
    ),
    (lambda n: n.begins("encoder.block.0.layer.0.SelfAttention."), Signature("text_encoder", "t5", "T5 text encoder")),
    # and others
    (
        lambda n: n.begins("neck.reassemble_stage.", "depth_head.", "neck.fusion_stage."),
        Signature("depth", "dpt", "Depth estimator"),
    ),
    (
        lambda n: n.shape("down.0.0.weight")[1:] == (5, 3, 3) and n.shape("head.weight")[:1] == (1,),
        TRAINED_DEPTH,
    ),
    (lambda n: n.is_flow_network, Signature("interpolator", "rife", "RIFE frame interpolation")),
    (
        lambda n: n.has("conv_first.weight") or n.begins("model.1.sub.0.RDB1."),
        Signature("upscaler", "esrgan", "ESRGAN upscaler"),
    ),
    (
        lambda n: len(n.shape("body.0.weight")) == 4 and len(n.shape("body.1.weight")) == 1,
        Signature("upscaler", "srvgg", "SRVGG upscaler"),
    ),
)


def _base_of(names: Names) -> tuple[str, str]:
    """Return the family and the title of the model that a LoRA or a ControlNet is for, by what its text layers take."""
    if names.begins("lora_unet_double_blocks", "transformer.single_transformer_blocks", "controlnet_x_embedder"):
        return "flux", "Flux.1"
    if names.begins("lora_te2_", "text_encoder_2."):
        return "sdxl", "Stable Diffusion XL"
    width = (
        names.last("attn2", "to_k", "lora_down")
        or names.last("attn2", "to_k", "lora_A")
        or names.last("attn2", "to_k", "weight")
    )
    return _WIDTHS.get(width, ("", ""))


_WIDTHS: Final[Mapping[int, tuple[str, str]]] = {
    768: ("sd", "Stable Diffusion 1"),
    1024: ("sd", "Stable Diffusion 2"),
    2048: ("sdxl", "Stable Diffusion XL"),
}
"""Bases by the width of their texts."""
