"""Pictures in the place of words: denoisers that read pictures by IP-Adapters (Ye et al. 2023)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from diffusers.models.attention_processor import IPAdapterAttnProcessor2_0
from torch import Tensor
from transformers import CLIPImageProcessorPil

from graphengine.diffusion.control.guides import rows_for
from graphengine.diffusion.control.ip_adapters import ATTENTION, PicturePrompt
from graphengine.diffusion.control.mixin import IPAdapterMixin
from graphengine.diffusion.images import to_pil
from graphengine.diffusion.loaded import Denoiser, shared_copy
from graphengine.diffusion.pool.construction import construction
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import Control
from graphengine.errors import NodeError


def reading(denoiser: Denoiser, adapters: Sequence[PicturePrompt]) -> Denoiser:
    """Return a denoiser that shares all weights, with layers beside those that read the text; none is the same one.

    Raises:
        NodeError: an adapter is for another denoiser, or not whole.
    """
    if not adapters:
        return denoiser
    copied = shared_copy(denoiser)
    for each in adapters:
        _check_fit(copied.module, each)
    pipeline: Any = IPAdapterMixin()  # as much of one as takes IP-Adapters
    pipeline.unet = copied.module
    try:
        with construction():
            # without drawing random numbers, which are not ours to draw
            pipeline.load_ip_adapter(
                [each.weights() for each in adapters],
                subfolder="",
                weight_name=[""] * len(adapters),
                low_cpu_mem_usage=True,
            )
    except (LookupError, NotImplementedError, RuntimeError, ValueError) as error:  # as weights are wrong, or not there
        raise NodeError(f"the IP-Adapter is not whole: {str(error)[:200]}", hint="Get its file again.") from error
    return copied


def _check_fit(unet: Any, adapter: PicturePrompt) -> None:
    names = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    layers = {name.partition(".")[0]: weight for name, weight in adapter.weights()[ATTENTION].items() if "to_k" in name}
    wanted = sorted(unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape for name in names)
    if sorted(weight.shape for weight in layers.values()) != wanted:
        raise NodeError(
            f"the IP-Adapter has {len(layers)} layers, which do not fit the {len(names)} of the model that read texts",
            hint="Choose an IP-Adapter that was made for this kind of model.",
        )


@dataclass(frozen=True)
class Seen:
    """What an IP-Adapter makes of pictures for a batch.

    Attributes:
        control: says when it counts.
        wanted: [batch, 1, …]: a vector for each picture, or one for each of its parts.
        nothing: the same for no picture.
    """

    control: Control
    wanted: Tensor
    nothing: Tensor


def seen(control: Control, adapter: PicturePrompt, first: int, count: int) -> Seen:
    """Let an IP-Adapter look at its pictures.

    Args:
        control: with one picture, or one for each that is sampled.
        adapter: that of the control.
        first: the number of the first picture in the whole batch.
        count: how many are sampled.

    Raises:
        NodeError: there are neither one nor as many pictures as are sampled.
    """
    side = adapter.encoder.config.image_size
    pictures = to_pil(Image(rows_for(control.image, first, count)))
    given = CLIPImageProcessorPil(size=side, crop_size=side)(pictures, return_tensors="pt").pixel_values
    given = given.to(adapter.encoder.device, adapter.encoder.dtype)
    if adapter.reads_parts:
        wanted, nothing = (
            adapter.encoder(pixels, output_hidden_states=True).hidden_states[-2]
            for pixels in (given, torch.zeros_like(given))
        )
    else:
        wanted = adapter.encoder(given).image_embeds
        nothing = torch.zeros_like(wanted)
    return Seen(control, *(_for_each(states, count) for states in (wanted, nothing)))


def _for_each(states: Tensor, count: int) -> Tensor:
    return states[:, None].expand(count, *(-1 for _ in range(states.ndim)))


def looking(denoiser: Denoiser, pictures: Sequence[Seen]) -> Denoiser:
    """Return a denoiser made by :func:`reading` that looks at pictures; those that are not wanted are no pictures."""

    def looks(unwanted: int, wanted: int) -> Mapping[str, Any]:
        embeddings = [torch.cat([each.nothing] * unwanted + [each.wanted] * wanted) for each in pictures]
        return {"image_embeds": [each.to(denoiser.device, denoiser.dtype) for each in embeddings]}

    return replace(denoiser, looks=looks) if pictures else denoiser


def weigh(unet: Any, strengths: Sequence[float]) -> None:
    """Set how much each picture counts from now on; 0 is not at all."""
    for processor in unet.attn_processors.values():
        if isinstance(processor, IPAdapterAttnProcessor2_0):
            processor.scale = list(strengths)
