"""Networks that tell what a picture shows: the vision models of CLIP (Radford et al. 2021)."""

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor
from transformers import CLIPImageProcessorPil, CLIPVisionConfig, CLIPVisionModel

from graphengine.diffusion.images import to_pil
from graphengine.diffusion.loaded import ImageEncoder, Loaded
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import DTypeName, ImageEncoderRef, WeightsRef
from graphengine.diffusion.weights import read_tensors, whole
from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.models.source import ModelFolder, SingleFile, Source, network_config, open_source

CLIP_VISION: Final = "clip_vision"

_PART: Final = "image_encoder"
_CLASS: Final = "vision_model.embeddings.class_embedding"
_HEAD: Final = 80
"""The width of a head of attention in CLIP ViT-H, the one that comes in files of its own."""

_HINT: Final = "Choose the folder image_encoder of a model, the model's folder, or a file of CLIP ViT-H."


class ImageEncoders:
    """Makes encoders of pictures (see :class:`graphengine.diffusion.families.family.Loader`)."""

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """Load the network from a folder, or by the shapes in a file."""
        del ref
        if isinstance(source, ModelFolder):
            return ImageEncoder(_of_folder(source.path / _PART, dtype))
        if (source.path.parent / "config.json").is_file():
            return ImageEncoder(_of_folder(source.path.parent, dtype))
        tensors, config = read_tensors(source, "vision_model."), CLIPVisionConfig(**_sizes(source))
        return ImageEncoder(
            whole(
                CLIPVisionModel.from_pretrained(
                    None, config=config, state_dict=tensors, dtype=dtype, output_loading_info=True
                )
            )
        )


def _of_folder(folder: Any, dtype: torch.dtype) -> Any:
    return whole(
        CLIPVisionModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=dtype, output_loading_info=True
        )
    )


def _sizes(file: SingleFile) -> dict[str, Any]:
    """Read how a network is built from the shapes of its tensors."""
    shapes, start = file.header.shapes, "vision_model.encoder.layers."
    width, _, patch, _ = shapes["vision_model.embeddings.patch_embedding.weight"]
    places, _ = shapes["vision_model.embeddings.position_embedding.weight"]
    return {
        "hidden_size": width,
        "intermediate_size": shapes[f"{start}0.mlp.fc1.weight"][0],
        "num_hidden_layers": len({name[len(start) :].split(".")[0] for name in shapes if name.startswith(start)}),
        "num_attention_heads": width // _HEAD,
        "image_size": round((places - 1) ** 0.5) * patch,
        "patch_size": patch,
        "hidden_act": "gelu",
    }


def open_image_encoder(source: File, dtype: DTypeName = "auto") -> ImageEncoderRef:
    """Return a reference to an encoder of pictures; no weights are loaded.

    Raises:
        ModelRefused: it is none.
    """
    opened = open_source(source.path)
    if not _is_one(opened, source):
        raise ModelRefused(f"{source.reference!r} holds no CLIP vision model", hint=_HINT)
    return ImageEncoderRef(source, CLIP_VISION, "", dtype)


def _is_one(opened: Source, source: File) -> bool:
    if isinstance(opened, ModelFolder):
        folder = opened.path / _PART
        return folder.is_dir() and _is_vision(network_config(folder))
    if opened.path != source.path:
        return _is_vision(network_config(source.path))
    width = (opened.shape(_CLASS) or (0,))[0]
    return bool(width) and width % _HEAD == 0


def _is_vision(config: Any) -> bool:
    return bool(config.get("model_type") == "clip_vision_model")


def seen_in(encoder: ImageEncoder, pictures: Sequence[Image]) -> Tensor:
    """Return what an encoder sees in pictures, fp32 [pictures, parts, width]: the states before its last layer.

    Each is brought to the encoder's size by its shorter side, and cut to a square in its middle; alpha is ignored.
    """
    side = encoder.module.config.image_size
    read = CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size=side)
    shown = [each for picture in pictures for each in to_pil(Image(picture.pixels[..., :3].contiguous()))]
    given = read(shown, return_tensors="pt").pixel_values.to(next(encoder.module.parameters()))
    states: Tensor = encoder.module(given, output_hidden_states=True).hidden_states[-2]
    return states.float().cpu()
