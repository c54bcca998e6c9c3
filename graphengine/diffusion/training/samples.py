"""A few pictures that a model in training draws, to look at while it learns."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from graphengine.diffusion.families.family import Family
from graphengine.diffusion.guidance import classifier_free_guidance
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.samplers import SamplerName
from graphengine.diffusion.schedules import ScheduleName, make_scheduler
from graphengine.diffusion.settings import Sampling
from graphengine.diffusion.training.material import Captions, Material
from graphengine.diffusion.types.conditioning import Conditioning, ConditioningEntry
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import ModelRef, VaeRef
from graphengine.diffusion.vae import decode
from graphengine.diffusion.walk import Walk

SHOWN = 4
"""How many pictures there are."""


@dataclass(frozen=True)
class Samples:
    """Draws pictures of some texts, always from the same noise.

    Attributes:
        pool: lends the autoencoder.
        family: of the denoiser.
        model: what the denoiser is.
        vae: makes pictures of latents.
        size: the side of the pictures in pixels.
        texts: encodes what shall be drawn, and what shall not: a row for each picture.
        steps: of the sampling.
        guidance: its scale.
        sampler: the solver; None is one that suits few steps.
        schedule: the noise levels.
    """

    pool: ModelPool
    family: Family
    model: ModelRef
    vae: VaeRef
    size: int
    texts: Callable[[], tuple[ConditioningEntry, ConditioningEntry]]
    steps: int = 10
    guidance: float = 2.5
    sampler: SamplerName | None = None
    schedule: ScheduleName = "normal"

    def __call__(self, denoiser: Denoiser) -> Image:
        """Draw them with a denoiser as it is now."""
        wanted, unwanted = self.texts()
        latent = empty_latent(self.model, self.size, self.size, len(wanted.embeddings))
        sampler: SamplerName = self.sampler or ("euler" if self.model.prediction == "flow" else "dpmpp_2m")
        settings = Sampling(0, self.steps, self.guidance, sampler, self.schedule)
        scheduler = make_scheduler(
            denoiser.scheduler,
            prediction=self.model.prediction,
            sampler=sampler,
            schedule=settings.schedule,
            steps=self.steps,
            device=denoiser.device,
            timing=self.family.timing(denoiser.scheduler, latent),
        )
        walk = Walk(scheduler, denoiser, self.model.prediction, latent, settings)
        predict = classifier_free_guidance(
            self.family,
            denoiser,
            Conditioning(self.model.family, (wanted,)),
            Conditioning(self.model.family, (unwanted,)),
            scale=self.guidance,
            latent=latent,
            beside=None,
        )
        with torch.no_grad():
            made = walk.run(predict, None, None).float().cpu()
        return decode(self.pool, self.vae, replace(latent, samples=made))


def first_texts(material: Material) -> tuple[ConditioningEntry, ConditioningEntry]:
    """Return the first captions of a dataset, and as many empty ones."""
    shown = range(min(SHOWN, material.count))
    return material.texts(shown), material.texts([None] * len(shown))


def first_captions(told: Captions) -> tuple[ConditioningEntry, ConditioningEntry]:
    """Return the first captions of some, and the empty one."""
    return told.rows(range(min(SHOWN, told.count))), told.text(None)
