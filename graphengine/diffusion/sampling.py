"""Sampling: the loop from noise to a latent.

The solver is a scheduler of diffusers, the prediction comes from :mod:`graphengine.diffusion.guidance`, and what is
between them is here: where the loop starts, what it must not change, and who may look at it or stop it.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from graphengine.diffusion.control.steering import Steered, lent_controls
from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.guidance import Denoise, Mix, classifier_free_guidance
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.noise import gaussian, generators, successive
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.preview import estimate_clean
from graphengine.diffusion.resuming import Keeper, Position, freeze, restore, state_of, thaw
from graphengine.diffusion.samplers import SamplerName
from graphengine.diffusion.schedules import ScheduleName, make_scheduler, make_scheduler_for
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef
from graphengine.errors import NodeError
from graphengine.models.sd import Prediction

OnStep = Callable[[int, int, Callable[[], Image]], None]
"""Called after each evaluation of the network with its number from 1, how many there will be, and a function that
makes a small picture of the state; what it raises ends the sampling."""


Keep = Callable[[Callable[[], Mapping[str, Any]]], None]
"""Is offered, after each evaluation, what to go on from."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample.

    Attributes:
        seed: of the first picture; each further one has the next. Or a seed for each picture.
        steps: steps of the whole schedule, from 1.
        guidance: the scale of classifier-free guidance, 1 is none.
        sampler: the solver.
        schedule: the noise levels.
        sigmas: noise levels to walk instead of those of the schedule, all of them: steps and denoise do not count.
        adds_noise: whether noise is added before; not, where the latent has as much as belongs to the first level.
        mix: makes one prediction of two in another way than classifier-free guidance.
        denoise: how much of the schedule is walked: 1 starts from pure noise and nothing of the latent remains; less
            starts from the latent with as much noise as belongs there, int(steps · denoise) steps from the end.
    """

    seed: int | tuple[int, ...]
    steps: int = 20
    guidance: float = 7.5
    sampler: SamplerName = "euler"
    schedule: ScheduleName = "normal"
    denoise: float = 1.0
    sigmas: Tensor | None = None
    adds_noise: bool = True
    mix: Mix | None = None

    @property
    def walked(self) -> int:
        """How many steps are made."""
        return int(self.steps * self.denoise)


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
        pool.use(model) as denoiser,
        lent_controls(pool, model.controls) as controls,
        torch.no_grad(),
        memory_guard("sampling"),
    ):
        position = thaw(None if keeper is None else keeper.load(), starts.step, denoiser.device)
        samples = list(position.done)
        for number, start in list(enumerate(starts))[len(samples) :]:
            part = _part(latent, start, starts.step)
            own = replace(settings, seed=_seeds(settings.seed, start, starts.step))
            walk = _Walk(_scheduler(denoiser, model, own), denoiser, model.prediction, part, own)
            steered = Steered(denoiser, controls, part, first=start)
            predict = classifier_free_guidance(
                family,
                steered.denoiser,
                positive,
                negative,
                scale=settings.guidance,
                batch=part.batch,
                beside=walk.beside,
                mix=settings.mix,
            )
            if number == len(position.done):
                walk.resume(position.walk)
            keep = None if keeper is None else partial(_keep, keeper, Position(starts.step, tuple(samples)))
            predict = steered.watching(predict, walk.begin, walk.total)
            samples.append(walk.run(predict, _counted(on_step, number, len(starts)), keep).float().cpu())
    return replace(latent, samples=torch.cat(samples), noise=None)


def _keep(keeper: Keeper, position: Position, state: Callable[[], Mapping[str, Any]]) -> None:
    """Offer a position with the state of its walk."""
    keeper.offer(lambda: freeze(replace(position, walk=state())))


def _seeds(seed: int | tuple[int, ...], start: int, count: int) -> int | tuple[int, ...]:
    """Return the seeds of some pictures of a batch."""
    return seed + start if isinstance(seed, int) else seed[start : start + count]


def _part(latent: Latent, start: int, count: int) -> Latent:
    """Return some latents of a batch, with what belongs to them."""
    own = slice(start, start + count)
    mask, around, noise = latent.mask, latent.surroundings, latent.noise
    if mask is not None and mask.values.shape[0] > 1:
        mask = Mask(mask.values[own])
    return replace(
        latent,
        samples=latent.samples[own],
        mask=mask,
        surroundings=None if around is None else around[own],
        noise=None if noise is None else noise[own],
    )


def _counted(on_step: OnStep | None, number: int, groups: int) -> OnStep | None:
    """Return ``on_step`` for one of several groups, which are as many steps each."""
    if on_step is None:
        return None
    return lambda step, total, look: on_step(number * total + step, groups * total, look)


def _scheduler(denoiser: Denoiser, model: ModelRef, settings: Sampling) -> Any:
    if settings.sigmas is not None:
        return make_scheduler_for(
            denoiser.scheduler,
            settings.sigmas,
            prediction=model.prediction,
            sampler=settings.sampler,
            device=denoiser.device,
        )
    return make_scheduler(
        denoiser.scheduler,
        prediction=model.prediction,
        sampler=settings.sampler,
        schedule=settings.schedule,
        steps=settings.steps,
        device=denoiser.device,
    )


def _check(model: ModelRef, latent: Latent, settings: Sampling) -> None:
    if latent.family != model.family or latent.spec != model.latent:
        raise NodeError(
            f"the latent ({latent.family}, {latent.spec}) is not of the model's kind ({model.family}, {model.latent})",
            hint="Make the latent for this model, or encode the picture with its own VAE.",
        )
    if settings.steps < 1 or not 0 <= settings.denoise <= 1:
        raise NodeError(f"{settings.steps} steps at denoise {settings.denoise} cannot be sampled")
    if latent.mask is not None and latent.mask.values.shape[0] not in {1, latent.batch}:
        raise NodeError(f"{latent.mask.values.shape[0]} masks do not fit {latent.batch} latents")


class _Walk:
    """One sampling: the noise, the part of the schedule that is walked, and what must stay."""

    def __init__(
        self,
        scheduler: Any,
        denoiser: Denoiser,
        prediction: Prediction,
        latent: Latent,
        settings: Sampling,
    ) -> None:
        device = denoiser.device
        self._scheduler, self._denoiser, self._prediction = scheduler, denoiser, prediction
        seeds = settings.seed if isinstance(settings.seed, tuple) else successive(settings.seed, latent.batch)
        self._sources = generators(seeds)
        self._noise = (gaussian(latent, self._sources) if latent.noise is None else latent.noise).to(device)
        self._original = latent.samples.to(device)
        self._mask = None if latent.mask is None else _fit(latent.mask.values, latent.samples).to(device)
        self._differential = latent.differential
        self.beside: Tensor | None = None
        if denoiser.takes_surroundings and self._mask is not None and latent.surroundings is not None:
            self.beside = torch.cat([self._mask, latent.surroundings.to(device)], dim=1)
            self._mask = None  # such a model keeps what is outside by itself
        self._settings = settings
        start = (settings.steps - settings.walked) * scheduler.order
        if hasattr(scheduler, "set_begin_index"):  # those that do not count their steps have none
            scheduler.set_begin_index(start)
        self._timesteps = scheduler.timesteps[start:]
        takes_generator = "generator" in inspect.signature(scheduler.step).parameters
        self._step = partial(scheduler.step, generator=self._sources) if takes_generator else scheduler.step
        self._begin = 0
        self._state: Tensor | None = None

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that was kept, of a walk that was made as this one was; an empty one changes nothing."""
        if state:
            self._begin, self._state = state["step"], state["latents"]
            for source, kept in zip(self._sources, state["sources"], strict=True):
                source.set_state(kept)
            restore(self._scheduler, state["scheduler"])

    @property
    def begin(self) -> int:
        """How many evaluations are done before it begins."""
        return self._begin

    @property
    def total(self) -> int:
        """How many evaluations there are."""
        return len(self._timesteps)

    def _snapshot(self, step: int, state: Tensor) -> Mapping[str, Any]:
        sources = [each.get_state() for each in self._sources]
        return {"step": step, "latents": state, "sources": sources, "scheduler": dict(state_of(self._scheduler))}

    def run(self, predict: Denoise, on_step: OnStep | None, keep: Keep | None) -> Tensor:
        """Walk to the end and return the latents."""
        state = self._start() if self._state is None else self._state
        total = len(self._timesteps)
        for index in range(self._begin, total):
            timestep = self._timesteps[index]
            scaled = self._scheduler.scale_model_input(state, timestep)
            output = predict(scaled, timestep)
            state = self._keep(self._step(output, timestep, state, return_dict=False)[0], index + 1)
            if keep is not None:
                keep(partial(self._snapshot, index + 1, state))
            if on_step is not None:
                on_step(index + 1, total, partial(self._look, scaled, output, timestep))
        return state / self._stretch(-1)

    def _stretch(self, level: int) -> float:
        """Return by what a noisy state is larger than on a link, where it has the variance of a clean one.

        Some solvers let the noise add to the variance; others keep it.
        """
        if self._settings.sigmas is None or self._scheduler.init_noise_sigma == 1:
            return 1.0
        return float((1 + self._settings.sigmas[level] ** 2).sqrt())

    def _start(self) -> Tensor:
        if not self._settings.adds_noise:
            return self._original * self._stretch(0)
        if self._from_noise():
            strength: float = self._scheduler.init_noise_sigma
            return self._noise * strength
        return self._noised(0)

    def _from_noise(self) -> bool:
        """Whether nothing of the latent remains."""
        if self._settings.sigmas is None:
            return self._settings.denoise == 1
        return float(self._timesteps[0]) >= len(self._scheduler.alphas_cumprod) - 1 - 1e-3

    def _noised(self, index: int) -> Tensor:
        """Return the original latents with the noise that belongs to the step ``index``."""
        moment = self._timesteps[index : index + 1]
        noised: Tensor = self._scheduler.add_noise(self._original, self._noise, moment)
        return noised

    def _keep(self, state: Tensor, index: int) -> Tensor:
        """Put the original back where the mask says so, as noisy as the state is at step ``index``."""
        if self._mask is None:
            return state
        kept = self._noised(index) if index < len(self._timesteps) else self._original
        free = self._mask
        if self._differential:  # Levin & Fried 2023: a cell is free from the step on that its value says
            free = (self._mask > 1 - index / len(self._timesteps)).to(state)
        return (1 - free) * kept + free * state

    def _look(self, scaled: Tensor, output: Tensor, timestep: Tensor) -> Image:
        clean = estimate_clean(scaled, output, timestep, self._scheduler.alphas_cumprod, self._prediction)
        return self._denoiser.preview(clean)


def _fit(mask: Tensor, samples: Tensor) -> Tensor:
    """Bring a mask [batch or 1, height, width] to the cells of latents: [batch, 1, height, width]."""
    cells = functional.interpolate(mask.unsqueeze(1), size=samples.shape[-2:])
    return cells.expand(samples.shape[0], -1, -1, -1)


def levels_of(pool: ModelPool, model: ModelRef, schedule: ScheduleName, steps: int) -> Tensor:
    """Return the noise levels [steps + 1] that a schedule visits for a model, the last of them 0.

    Raises:
        NodeError: the schedule cannot have so many steps.
    """
    with pool.use(model) as denoiser:
        scheduler = make_scheduler(
            denoiser.scheduler,
            prediction=model.prediction,
            sampler="euler",
            schedule=schedule,
            steps=steps,
            device=torch.device("cpu"),
        )
    levels: Tensor = scheduler.sigmas.float().cpu()
    return levels
