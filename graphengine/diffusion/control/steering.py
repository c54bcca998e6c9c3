"""Denoisers that follow pictures (Zhang et al., Adding Conditional Control to Text-to-Image Diffusion Models, 2023)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import Control
from graphengine.errors import NodeError


@dataclass(frozen=True)
class LentControl:
    """A control with its network."""

    control: Control
    network: Any


@contextmanager
def lent_controls(pool: ModelPool, controls: Sequence[Control]) -> Iterator[tuple[LentControl, ...]]:
    """Lend the networks of controls for the length of a ``with`` block.

    Raises:
        ModelRefused: one cannot be loaded.
        OutOfMemory: there is no room.
    """
    with ExitStack() as stack:
        yield tuple(LentControl(each, stack.enter_context(pool.use(each.network)).module) for each in controls)


class Steered:
    """A denoiser with controls, for one sampling.

    Attributes:
        denoiser: what to call; without controls it is the one that came.

    Args:
        denoiser: the denoiser.
        controls: what it shall follow.
        latent: what is sampled.
        first: the number of its first picture in the whole batch.

    Raises:
        NodeError: there are neither one nor as many pictures as are sampled.
    """

    def __init__(self, denoiser: Denoiser, controls: Sequence[LentControl], latent: Latent, first: int = 0) -> None:
        self._guides = [_Guide(each, latent, first, denoiser.device) for each in controls]
        self._steered = _Steered(denoiser.module)
        self.denoiser = replace(denoiser, module=self._steered) if self._guides else denoiser

    def watching(
        self, predict: Callable[[Tensor, Tensor], Tensor], begin: int, total: int
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """Return ``predict``, which is called once for each evaluation from ``begin`` to ``total``."""
        if not self._guides:
            return predict
        steps = iter(range(begin, total))

        def watched(latents: Tensor, timestep: Tensor) -> Tensor:
            step = next(steps)
            self._steered.guides = [each for each in self._guides if each.counts(step, total)]
            return predict(latents, timestep)

        return watched


class _Guide:
    """One control, ready to be asked."""

    def __init__(self, lent: LentControl, latent: Latent, first: int, device: torch.device) -> None:
        self._control, self._network = lent.control, lent.network
        halvings = len(lent.network.config.conditioning_embedding_out_channels) - 1
        height, width = (side << halvings for side in latent.samples.shape[-2:])
        pixels = _fitted(_rows(lent.control.image, first, latent.batch), height, width)
        self._pixels = pixels.to(device, next(lent.network.parameters()).dtype)

    def counts(self, step: int, total: int) -> bool:
        control = self._control
        return control.start <= step / total and (step + 1) / total <= control.end

    def ask(self, rows: Tensor, timestep: Tensor, texts: Tensor, extra: Any) -> tuple[Sequence[Tensor], Tensor]:
        pixels = self._pixels.repeat(len(rows) // len(self._pixels), 1, 1, 1)
        dtype = pixels.dtype
        found: tuple[Sequence[Tensor], Tensor] = self._network(
            rows[:, : self._network.config.in_channels].to(dtype),
            timestep,
            encoder_hidden_states=texts.to(dtype),
            controlnet_cond=pixels,
            conditioning_scale=self._control.strength,
            added_cond_kwargs=extra,
            return_dict=False,
        )
        return found


class _Steered:
    """A UNet to its callers, which adds to its states what guides tell."""

    def __init__(self, unet: Any) -> None:
        self._unet = unet
        self.guides: Sequence[_Guide] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._unet, name)

    def __call__(self, rows: Tensor, timestep: Tensor, encoder_hidden_states: Tensor, **settings: Any) -> Any:
        told = [
            each.ask(rows, timestep, encoder_hidden_states, settings.get("added_cond_kwargs")) for each in self.guides
        ]
        if told:
            down = [sum(states[1:], states[0]) for states in zip(*(each[0] for each in told), strict=True)]
            middle = [each[1] for each in told]
            settings["down_block_additional_residuals"] = [state.to(rows.dtype) for state in down]
            settings["mid_block_additional_residual"] = sum(middle[1:], middle[0]).to(rows.dtype)
        return self._unet(rows, timestep, encoder_hidden_states=encoder_hidden_states, **settings)


def _rows(image: Image, first: int, count: int) -> Tensor:
    """Return the pictures for some latents of a batch: [1 or count, height, width, 3]."""
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
