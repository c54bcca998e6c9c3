"""What networks tell a denoiser about pictures: ControlNets at each step, T2I-Adapters once and for all."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from diffusers import T2IAdapter
from torch import Tensor
from torch.nn import functional

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import Control
from graphengine.errors import NodeError

DOWN: Final = "down_block_additional_residuals"
MIDDLE: Final = "mid_block_additional_residual"
WITHIN: Final = "down_intrablock_additional_residuals"
"""What is added to the states of a UNet, as diffusers calls it."""

Told = Mapping[str, Sequence[Tensor]]


class Guide:
    """One control, ready to be asked.

    Args:
        control: with one picture, or one for each that is sampled.
        network: a network of diffusers, on its device.
        side: the sides of the pictures that it takes, [height, width].
        first: the number of the first picture in the whole batch.
        count: how many are sampled.
    """

    def __init__(self, control: Control, network: Any, side: tuple[int, int], first: int, count: int) -> None:
        self.control, self.network = control, network
        parameter = next(network.parameters())
        self.pixels = _fitted(rows_for(control.image, first, count), *side).to(parameter.device, parameter.dtype)

    def tell(self, rows: Tensor, timestep: Tensor, texts: Tensor, settings: Mapping[str, Any]) -> Told:
        """Return what is added to the states of a UNet that is called with these."""
        raise NotImplementedError


class ControlNetGuide(Guide):
    """A ControlNet (Zhang et al. 2023), which looks at the latents and the text too."""

    def tell(self, rows: Tensor, timestep: Tensor, texts: Tensor, settings: Mapping[str, Any]) -> Told:
        """See :class:`Guide`."""
        return told_by_controlnet(self.network, self.pixels, self.control.strength, rows, timestep, texts, settings)


class AdapterGuide(Guide):
    """A T2I-Adapter (Mou et al. 2024), which looks at the picture alone."""

    def __init__(self, control: Control, network: Any, side: tuple[int, int], first: int, count: int) -> None:
        super().__init__(control, network, side, first, count)
        pixels = self.pixels if network.config.in_channels == 3 else self.pixels.mean(1, keepdim=True)
        self._states = [state * control.strength for state in network(pixels)]

    def tell(self, rows: Tensor, timestep: Tensor, texts: Tensor, settings: Mapping[str, Any]) -> Told:
        """See :class:`Guide`."""
        del timestep, texts, settings  # it has looked at all it looks at
        return {WITHIN: [_for_each(state, rows) for state in self._states]}


def told_by_controlnet(
    network: Any,
    pixels: Tensor,
    strength: float,
    rows: Tensor,
    timestep: Tensor,
    texts: Tensor,
    settings: Mapping[str, Any],
) -> Told:
    """Return what a ControlNet adds to the states of a UNet that is called with these.

    Args:
        pixels: one picture, or one for each latent of a batch: [1 or batch, 3, height, width], 0 to 1.
        strength: how much it counts.
        rows: the latents, of one batch or several behind one another.
    """
    dtype = pixels.dtype
    down, middle = network(
        rows[:, : network.config.in_channels].to(dtype),
        timestep,
        encoder_hidden_states=texts.to(dtype),
        controlnet_cond=_for_each(pixels, rows),
        conditioning_scale=strength,
        added_cond_kwargs=settings.get("added_cond_kwargs"),
        return_dict=False,
    )
    return {DOWN: down, MIDDLE: [middle]}


def guide_of(control: Control, network: Any, denoiser: Any, latent: Latent, first: int) -> Guide:
    """Return what tells about a control's pictures.

    Args:
        control: what is followed.
        network: that of the control.
        denoiser: the UNet that is told.
        latent: what is sampled.
        first: the number of its first picture in the whole batch.

    Raises:
        NodeError: there are neither one nor as many pictures as are sampled, the network is for another denoiser, or
            takes no pictures of the size.
    """
    height, width = latent.samples.shape[-2:]
    if isinstance(network, T2IAdapter):
        sides = (height * latent.spec.stride, width * latent.spec.stride)
        _check_sides(sides, network.config["downscale_factor"])
        return AdapterGuide(control, network, sides, first, latent.batch)
    _check_width(network.config.cross_attention_dim, denoiser.config.cross_attention_dim)
    halvings = len(network.config.conditioning_embedding_out_channels) - 1
    return ControlNetGuide(control, network, (height << halvings, width << halvings), first, latent.batch)


def _check_width(taken: Any, given: Any) -> None:
    """Refuse a ControlNet that reads other texts than the denoiser: it was made for another one."""
    if taken != given:
        raise NodeError(
            f"the ControlNet reads texts of width {taken}, the model those of width {given}",
            hint="Choose a ControlNet that was made for this model.",
        )


def _check_sides(sides: tuple[int, int], step: int) -> None:
    """Refuse sides [height, width] that are not in the steps that a T2I-Adapter takes."""
    if any(side % step for side in sides):
        height, width = sides
        near = [max(1, round(side / step)) * step for side in sides]
        raise NodeError(
            f"the T2I-Adapter takes pictures whose sides are multiples of {step}, not {width} x {height}",
            hint=f"The nearest size is {near[1]} x {near[0]}.",
        )


def _for_each(states: Tensor, rows: Tensor) -> Tensor:
    """Repeat what is for one latent, or for each of a batch, for all rows."""
    return states.repeat(len(rows) // len(states), *(1 for _ in states.shape[1:]))


def rows_for(image: Image, first: int, count: int) -> Tensor:
    """Return the pictures for some latents of a batch: [1 or count, height, width, 3].

    Raises:
        NodeError: there are neither one nor as many as are needed.
    """
    pixels = image.pixels[..., :3]
    if len(pixels) == 1:
        return pixels
    own = pixels[first : first + count]
    if len(own) != count:
        raise NodeError(
            f"{len(pixels)} pictures do not control a batch that needs {first + count}",
            hint="Give one picture for all, or one for each.",
        )
    return own


def _fitted(pixels: Tensor, height: int, width: int) -> Tensor:
    """Bring pictures [n, height, width, 3] to a size: [n, 3, height, width]."""
    planes = pixels.permute(0, 3, 1, 2)
    if planes.shape[-2:] == (height, width):
        return planes
    return functional.interpolate(planes, (height, width), mode="bicubic", antialias=True).clamp(0, 1)
