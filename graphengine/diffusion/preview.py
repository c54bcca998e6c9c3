"""Cheap pictures of latents, for looking at a sampling while it runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from graphengine.diffusion.types.image import Image
from graphengine.models.prediction import Prediction

_SD_WEIGHTS = ((0.298, 0.207, 0.208), (0.187, 0.286, 0.173), (-0.158, 0.189, 0.264), (-0.184, -0.271, -0.473))


@dataclass(frozen=True, slots=True)
class LinearPreview:
    """A linear map from the channels of a latent to red, green and blue: one pixel per latent cell.

    The default weights are the least-squares fit for the autoencoder of SD 1 that K. Turner published in 2022. A
    model with an autoencoder of its own brings its own fit as ``preview.json`` in its folder:
    ``{"weights": [[r, g, b], …], "bias": [r, g, b]}``, one row per channel, for colours from -1 to 1.

    Attributes:
        weights: one row of red, green, blue per channel.
        bias: red, green, blue.
    """

    weights: Sequence[Sequence[float]] = _SD_WEIGHTS
    bias: Sequence[float] = (0.0, 0.0, 0.0)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "LinearPreview":
        """Read the form that a model's folder carries."""
        return cls(content["weights"], content["bias"])

    @classmethod
    def fit(cls, latents: Tensor, image: Image) -> "LinearPreview":
        """Fit the map to pairs of latents [batch, channels, height, width] and pictures, by least squares.

        Each cell is paired with the mean colour of the pixels that it stands for; some dozen pictures are enough.
        """
        height, width = latents.shape[-2:]
        colours = functional.adaptive_avg_pool2d(image.pixels[..., :3].permute(0, 3, 1, 2), (height, width)) * 2 - 1
        cells = latents.detach().float().cpu().permute(0, 2, 3, 1).flatten(end_dim=-2)
        columns = torch.cat([cells, torch.ones(len(cells), 1)], dim=1)
        solution = torch.linalg.lstsq(columns, colours.permute(0, 2, 3, 1).flatten(end_dim=-2)).solution
        return cls(solution[:-1].tolist(), solution[-1].tolist())

    def to_json(self) -> Mapping[str, Any]:
        """Return the form that a model's folder carries."""
        return {"weights": self.weights, "bias": self.bias}

    def __call__(self, latents: Tensor) -> Image:
        """Map latents of shape [batch, channels, height, width] to pictures of as many pixels as cells."""
        cells = latents.detach().float().cpu().permute(0, 2, 3, 1)
        weights, bias = (torch.tensor(values, dtype=torch.float32) for values in (self.weights, self.bias))
        colours = cells @ weights + bias
        return Image(((colours + 1) / 2).clamp(0, 1))


@dataclass(frozen=True, slots=True)
class PrincipalPreview:
    """Colours for latents of which no map to true colours is known: one pixel per latent cell.

    They are the three directions in which the channels differ most (principal components): shapes and noise are seen,
    true colours are not.
    """

    def __call__(self, latents: Tensor) -> Image:
        """Map latents of shape [batch, channels, height, width] to pictures of as many pixels as cells."""
        cells = latents.detach().float().cpu().permute(0, 2, 3, 1)
        flat = cells.reshape(-1, cells.shape[-1])
        centred = flat - flat.mean(dim=0)
        _, directions = torch.linalg.eigh(centred.T @ centred)
        axes = directions.flip(1)[:, :3]
        found = centred @ (axes * axes.gather(0, axes.abs().argmax(dim=0, keepdim=True)).sign())
        if found.shape[1] < 3:  # fewer channels than colours
            found = torch.cat([found, found.new_zeros(len(found), 3 - found.shape[1])], dim=1)
        spread = found.std(dim=0, correction=0).clamp(min=1e-6)
        return Image((0.5 + found / (4 * spread)).clamp(0, 1).reshape(*cells.shape[:-1], 3))


Preview = Callable[[Tensor], Image]
"""From latents [batch, channels, height, width] to pictures of as many pixels as cells."""


def estimate_clean(
    scaled: Tensor, output: Tensor, timestep: Tensor, alphas_cumprod: Tensor, prediction: Prediction
) -> Tensor:
    """Estimate the latents without noise from one prediction.

    Ho et al. 2020, equation 15, for the noise; Salimans & Ho 2022, section 4, for the velocity.

    Args:
        scaled: what the network saw: √ᾱ · clean + √(1 - ᾱ) · noise.
        output: what it predicted.
        timestep: when; between two trained timesteps the earlier one counts.
        alphas_cumprod: ᾱ of every trained timestep.
        prediction: what ``output`` is.
    """
    alpha = alphas_cumprod[int(timestep)].clamp(min=1e-4).to(scaled)  # at the last of some schedules ᾱ is 0
    signal, noise = alpha.sqrt(), (1 - alpha).sqrt()
    if prediction == "v_prediction":
        return signal * scaled - noise * output
    return (scaled - noise * output) / signal
