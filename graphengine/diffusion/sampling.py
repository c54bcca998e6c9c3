"""Sampling: the loop from noise to a latent.

The solver is a scheduler of diffusers, the prediction comes from :mod:`graphengine.diffusion.guidance`, and what is
between them is here: where the loop starts, what it must not change, and who may look at it or stop it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from graphengine.diffusion.control.steering import Steered, equipped, lent_controls
from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.families.family import Family
from graphengine.diffusion.guidance import Denoise, classifier_free_guidance, wanted_prediction
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.resuming import Keeper, Position, freeze, thaw
from graphengine.diffusion.schedules import ScheduleName, make_scheduler, make_scheduler_for
from graphengine.diffusion.settings import Sampling
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.image import Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef
from graphengine.diffusion.walk import OnStep, Walk
from graphengine.diffusion.weakening import Weakened, weakened
from graphengine.errors import NodeError

__all__ = ["OnStep", "Sampling", "levels_of", "sample"]


def sample(
    pool: ModelPool,
    model: ModelRef,
    positive: Conditioning,
    negative: Conditioning,
    latent: Latent,
    *,
    settings: Sampling,
    on_step: OnStep | None = None,
    chunk: int | None = None,
    keeper: Keeper | None = None,
) -> Latent:
    """Sample a latent.

    Equal inputs give equal latents, and each picture of a batch is the one that its own seed gives alone. State is
    kept in fp32 whatever the number format of the model.

    Args:
        chunk: how many pictures are sampled at once, one group after the other; None is all of them. It changes no
            picture, and the steps of all groups are counted together.
        keeper: keeps where the sampling is; one that was cut off goes on there, and ends as it would have, to the bit.

    Raises:
        NodeError: the latent, the texts or the settings do not suit the model.
        OutOfMemory: there is no room.
    """
    _check(model, latent, settings)
    if settings.walked == 0:
        return latent
    family = pool.families[model.family]
    starts = range(0, latent.batch, chunk or latent.batch)
    with (
        pool.use(model) as plain,
        lent_controls(pool, model.controls) as controls,
        torch.no_grad(),
        memory_guard("sampling"),
    ):
        denoiser = equipped(plain, controls)
        weaker = [weakened(denoiser, each) for each in settings.weakenings]
        position = thaw(None if keeper is None else keeper.load(), starts.step, denoiser.device)
        samples = list(position.done)
        for number, start in list(enumerate(starts))[len(samples) :]:
            part = _part(latent, start, starts.step)
            own = replace(settings, seed=_seeds(settings.seed, start, starts.step))
            walk = Walk(_scheduler(family, denoiser, model, own, part), denoiser, model.prediction, part, own)
            steered = Steered(denoiser, controls, part, first=start)
            asked = _Asked(family, positive, negative, settings, part, walk.beside)
            weak = Weakened(settings.weakenings, [asked.weakly(steered.also(each)) for each in weaker])
            predict = weak.watching(asked.guided(steered.denoiser, weak), walk.begin, walk.total)
            if number == len(position.done):
                walk.resume(position.walk)
            keep = None if keeper is None else partial(_keep, keeper, Position(starts.step, tuple(samples)))
            predict = steered.watching(predict, walk.begin, walk.total)
            samples.append(walk.run(predict, _counted(on_step, number, len(starts)), keep).float().cpu())
    return replace(latent, samples=torch.cat(samples), noise=None)


@dataclass(frozen=True)
class _Asked:
    """What predictions are made for."""

    family: Family
    positive: Conditioning
    negative: Conditioning
    settings: Sampling
    latent: Latent
    beside: Tensor | None

    def guided(self, denoiser: Denoiser, weak: Weakened) -> Denoise:
        return classifier_free_guidance(
            self.family,
            denoiser,
            self.positive,
            self.negative,
            scale=self.settings.guidance,
            latent=self.latent,
            beside=self.beside,
            mix=self.settings.mix,
            push=weak.push if self.settings.weakenings else None,
        )

    def weakly(self, denoiser: Denoiser) -> Denoise:
        scale = self.settings.guidance
        return wanted_prediction(
            self.family, denoiser, self.positive, scale=scale, latent=self.latent, beside=self.beside
        )


def _keep(keeper: Keeper, position: Position, state: Callable[[], Mapping[str, Any]]) -> None:
    """Offer a position with the state of its walk."""
    keeper.offer(lambda: freeze(replace(position, walk=state())))


def _seeds(seed: int | tuple[int, ...], start: int, count: int) -> int | tuple[int, ...]:
    """Return the seeds of some pictures of a batch."""
    return seed + start if isinstance(seed, int) else seed[start : start + count]


def _part(latent: Latent, start: int, count: int) -> Latent:
    """Return some latents of a batch, with what belongs to them."""
    own = slice(start, start + count)
    mask, around, noise, given = latent.mask, latent.surroundings, latent.noise, latent.given
    if mask is not None and mask.values.shape[0] > 1:
        mask = Mask(mask.values[own])
    return replace(
        latent,
        samples=latent.samples[own],
        mask=mask,
        surroundings=None if around is None else around[own],
        noise=None if noise is None else noise[own],
        given=None if given is None else given.part(own),
    )


def _counted(on_step: OnStep | None, number: int, groups: int) -> OnStep | None:
    """Return ``on_step`` for one of several groups, which are as many steps each."""
    if on_step is None:
        return None
    return lambda step, total, look: on_step(number * total + step, groups * total, look)


def _scheduler(family: Family, denoiser: Denoiser, model: ModelRef, settings: Sampling, latent: Latent) -> Any:
    trained = _trained(denoiser, model)
    if settings.sigmas is not None:
        return make_scheduler_for(
            trained,
            settings.sigmas,
            prediction=model.prediction,
            sampler=settings.sampler,
            device=denoiser.device,
        )
    return make_scheduler(
        trained,
        prediction=model.prediction,
        sampler=settings.sampler,
        schedule=settings.schedule,
        steps=settings.steps,
        device=denoiser.device,
        timing=family.timing(trained, latent),
    )


def _trained(denoiser: Denoiser, model: ModelRef) -> Mapping[str, Any]:
    """Return the noise schedule of a model's training, shifted as it shall be."""
    if model.shift is None:
        return denoiser.scheduler
    return {**denoiser.scheduler, "shift": model.shift, "use_dynamic_shifting": False}


def _check(model: ModelRef, latent: Latent, settings: Sampling) -> None:
    if latent.family != model.family or latent.spec != model.latent:
        raise NodeError(
            f"the latent ({latent.family}, {latent.spec}) is not of the model's kind ({model.family}, {model.latent})",
            hint="Make the latent for this model, or encode the picture with its own VAE.",
        )
    if settings.steps < 1 or not 0 <= settings.denoise <= 1:
        raise NodeError(f"{settings.steps} steps at denoise {settings.denoise} cannot be sampled")
    if settings.walked == 0 and (settings.first or settings.last is not None):
        first, end = settings.span
        raise NodeError(f"from step {first} to step {end} of {settings.steps} there is nothing to do")
    if latent.mask is not None and latent.mask.values.shape[0] not in {1, latent.batch}:
        raise NodeError(f"{latent.mask.values.shape[0]} masks do not fit {latent.batch} latents")


def levels_of(pool: ModelPool, model: ModelRef, schedule: ScheduleName, steps: int, latent: Latent) -> Tensor:
    """Return the noise levels [steps + 1] that a schedule visits for a model, the last of them 0.

    Args:
        latent: what shall be sampled, for models whose levels depend on its size.

    Raises:
        NodeError: the schedule cannot have so many steps.
    """
    with pool.use(model) as denoiser:
        trained = _trained(denoiser, model)
        scheduler = make_scheduler(
            trained,
            prediction=model.prediction,
            sampler="euler",
            schedule=schedule,
            steps=steps,
            device=torch.device("cpu"),
            timing=pool.families[model.family].timing(trained, latent),
        )
    levels: Tensor = scheduler.sigmas.float().cpu()
    return levels
