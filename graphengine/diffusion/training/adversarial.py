"""Training a generator against a network that tells its pictures from true ones: a GAN (Goodfellow et al. 2014).

The hinge loss with spectral normalisation, and tags that meet the features of a picture by a projection (Miyato et al.,
Spectral Normalization for Generative Adversarial Networks, and Miyato & Koyama, cGANs with Projection Discriminator,
2018). True pictures with the tags of others count as false too (Reed et al., Generative Adversarial Text to Image
Synthesis, 2016). Both networks make a step at a time, each on its own loss.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from graphengine.diffusion.training.generator import (
    Examples,
    GeneratorForm,
    PictureGenerator,
    drawn_noise,
    nearness,
)

MOMENTUM = 0.0
"""What the optimiser remembers of earlier gradients; any of it lets the two networks turn around each other."""


@dataclass(frozen=True, slots=True)
class GanRecipe:
    """Size and diet of a GAN.

    Attributes:
        batch: pictures per step.
        watching: channels of the discriminator at the size of the picture.
    """

    batch: int = 16
    watching: int = 16


class Discriminator(nn.Module):
    """Pictures [batch, 3, size, size] to features, and features with tags to a score [batch]: above 0 is true."""

    def __init__(self, form: GeneratorForm, width: int) -> None:
        super().__init__()
        channels = GeneratorForm(form.tags, form.size, width).channels()[::-1]
        self.first = spectral_norm(nn.Conv2d(3, channels[0], 3, padding=1))
        self.stages = nn.ModuleList(
            [spectral_norm(nn.Conv2d(before, after, 4, stride=2, padding=1)) for before, after in pairwise(channels)]
        )
        self.last = spectral_norm(nn.Conv2d(channels[-1], channels[-1], 3, padding=1))
        self.whole = spectral_norm(nn.Linear(channels[-1], 1))
        self.told = spectral_norm(nn.Linear(len(form.tags), channels[-1], bias=False))

    def forward(self, pictures: Tensor, *tags: Tensor) -> tuple[Tensor, ...]:
        """Score pictures with each of several sets of tags."""
        seen = functional.leaky_relu(self.first(2 * pictures - 1), 0.2)
        for stage in (*self.stages, self.last):
            seen = functional.leaky_relu(stage(seen), 0.2)
        features = seen.sum((2, 3))
        alone = self.whole(features)[:, 0]
        return tuple(alone + (self.told(each) * features).sum(1) for each in tags)


class _Players(nn.Module):
    def __init__(self, form: GeneratorForm, recipe: GanRecipe) -> None:
        super().__init__()
        self.generator = PictureGenerator(form)
        self.discriminator = Discriminator(form, recipe.watching)


class GanTask:
    """Both players (see :class:`graphengine.diffusion.training.loop.Task`).

    Args:
        form: what the generator is like.
        recipe: the diet.
        data: pictures to learn from.
        control: pictures to measure on, two and more.
        device: where to compute.
    """

    module: nn.Module

    def __init__(
        self, form: GeneratorForm, recipe: GanRecipe, data: Examples, control: Examples, device: torch.device
    ) -> None:
        self.form = form
        self._recipe, self._data, self._control, self._device = recipe, data, control, device
        self._players = _Players(form, recipe).to(device)
        self.module = self._players

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Sum of the losses of both, each of which has a gradient for its own network alone."""
        players, count = self._players, self._recipe.batch
        pictures, tags = self._data.any(rng, count)
        made = players.generator(drawn_noise(rng, count, self._device), tags)
        others = tags.roll(1, 0)
        scores = players.discriminator(
            torch.cat([pictures, made.detach()]), *(torch.cat([tags, tags]), torch.cat([others, tags]))
        )
        true, false, mismatched = scores[0][:count], scores[0][count:], scores[1][:count]
        differ = (others != tags).any(1)
        refused = functional.relu(1 + mismatched)[differ].sum() / count
        watching = functional.relu(1 - true).mean() + 0.5 * (functional.relu(1 + false).mean() + refused)
        still = {name: each.detach() for name, each in players.discriminator.named_parameters()}
        (judged,) = functional_call(players.discriminator, still, (made, tags))
        total: Tensor = watching - judged.mean()
        return total

    def measure(self) -> dict[str, float]:
        """Tell how near pictures of what the control pictures show are to these."""
        rng = np.random.default_rng(0)
        pictures, tags = self._control.at(range(len(self._control)))
        return {
            "nearness": nearness(self._players.generator(drawn_noise(rng, len(tags), self._device), tags), pictures)
        }
