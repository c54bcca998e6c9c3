"""The way from noise to a latent, step by step: where it starts, what it must not change, and where it ends."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from graphengine.diffusion.guidance import Denoise
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.noise import gaussian, generators, successive
from graphengine.diffusion.paths import path_of
from graphengine.diffusion.resuming import restore, state_of
from graphengine.diffusion.settings import Sampling
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.video.given import taken_by
from graphengine.models.prediction import Prediction

OnStep = Callable[[int, int, Callable[[], Image]], None]
"""Called after each evaluation of the network with its number from 1, how many there will be, and a function that
makes a small picture of the state; what it raises ends the sampling."""


Keep = Callable[[Callable[[], Mapping[str, Any]]], None]
"""Is offered, after each evaluation, what to go on from."""


class Walk:
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
        self._scheduler, self._denoiser = scheduler, denoiser
        self._path = path_of(scheduler, prediction)
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
        self._taken = taken_by(denoiser.frames, latent, device) if denoiser.frames == "held" else None
        self._settings = settings
        self._start, self._end = (step * scheduler.order for step in settings.span)
        if hasattr(scheduler, "set_begin_index"):  # those that do not count their steps have none
            scheduler.set_begin_index(self._start)
        self._timesteps = scheduler.timesteps[self._start :]
        self._total = len(self._timesteps) if self._whole else self._end - self._start
        takes_generator = "generator" in inspect.signature(scheduler.step).parameters
        self._step = partial(scheduler.step, generator=self._sources) if takes_generator else scheduler.step
        self._begin = 0
        self._state: Tensor | None = None

    @property
    def _whole(self) -> bool:
        """Whether it ends where the schedule does."""
        return self._settings.last is None or self._end >= len(self._scheduler.timesteps)

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
        return self._total

    def _snapshot(self, step: int, state: Tensor) -> Mapping[str, Any]:
        sources = [each.get_state() for each in self._sources]
        return {"step": step, "latents": state, "sources": sources, "scheduler": dict(state_of(self._scheduler))}

    def run(self, predict: Denoise, on_step: OnStep | None, keep: Keep | None) -> Tensor:
        """Walk to the end and return the latents."""
        state = self._first() if self._state is None else self._state
        for index in range(self._begin, self._total):
            timestep = self._timesteps[index]
            seen = self._path.seen(state, timestep)
            output = predict(seen, timestep)
            state = self._keep(self._step(output, timestep, state, return_dict=False)[0], index + 1)
            if keep is not None:
                keep(partial(self._snapshot, index + 1, state))
            if on_step is not None:
                on_step(index + 1, self._total, partial(self._look, seen, output, timestep))
        if self._taken is not None:  # what stands there meanwhile is not looked at
            state = self._taken(state)
        return state / self._stretch(self._start + self._total) if self._ends_noisy else state

    @property
    def _ends_noisy(self) -> bool:
        """Whether noise may be left: where the schedule is the model's own and walked to its end, none counts."""
        return self._settings.sigmas is not None or not self._whole

    def _stretch(self, index: int) -> float:
        """Return by what a state is larger than on a link, at a place of the schedule."""
        levels = getattr(self._scheduler, "sigmas", None)
        return 1.0 if levels is None else self._path.stretch(float(levels[index]))

    def _first(self) -> Tensor:
        if not self._settings.adds_noise:
            return self._original * self._stretch(self._start)
        if self._from_noise():
            return self._path.begun(self._noise)
        return self._noised(0)

    def _from_noise(self) -> bool:
        """Whether nothing of the latent remains."""
        if self._settings.sigmas is None:
            return self._start == 0 and self._settings.denoise == 1
        return self._path.is_noise(self._timesteps[0])

    def _noised(self, index: int) -> Tensor:
        """Return the original latents with the noise that belongs to the step ``index``."""
        return self._path.noised(self._original, self._noise, self._timesteps[index : index + 1])

    def _keep(self, state: Tensor, index: int) -> Tensor:
        """Put the original back where the mask says so, as noisy as the state is at step ``index``."""
        if self._mask is None:
            return state
        kept = self._noised(index) if index < len(self._timesteps) else self._original
        free = self._mask
        if self._differential:  # Levin & Fried 2023: a cell is free from the step on that its value says
            free = (self._mask > 1 - index / len(self._timesteps)).to(state)
        return (1 - free) * kept + free * state

    def _look(self, seen: Tensor, output: Tensor, timestep: Tensor) -> Image:
        clean = self._path.clean(seen, output, timestep)
        if clean.ndim == 5:  # of a video, the frame in its middle
            clean = clean[:, :, clean.shape[2] // 2]
        return self._denoiser.preview(clean)


def _fit(mask: Tensor, samples: Tensor) -> Tensor:
    """Bring a mask [batch or 1, height, width] to the cells of latents: [batch, 1, height, width].

    In a video it holds for all frames.
    """
    cells = functional.interpolate(mask.unsqueeze(1), size=samples.shape[-2:]).expand(samples.shape[0], -1, -1, -1)
    return cells.unsqueeze(2) if samples.ndim == 5 else cells
