"""Distilling a denoiser: a student whose few steps lead where many guided ones of its teacher lead.

The student takes exactly the steps at which it will be sampled. From what its teacher passes on the way from noise to a
picture, with many small steps of DDIM (Song et al. 2021) under classifier-free guidance, it learns each large step as
one prediction (Salimans & Ho, Progressive Distillation, 2022), and the guidance with it (Meng et al. 2023).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from graphengine.diffusion.training.denoising import Denoising
from graphengine.diffusion.training.material import Captions, joined
from graphengine.diffusion.training.objective import Levels, Objective
from graphengine.diffusion.types.conditioning import ConditioningEntry

_KEPT_BYTES = 256 * 2**20  # of ways: the teacher's are dear


@dataclass(frozen=True, slots=True)
class DistillRecipe:
    """What a student learns.

    Attributes:
        taken: the steps in which it will draw.
        substeps: the steps of the teacher for each of them.
        guidance: the scale of the teacher's guidance.
        batch: captions per step of the optimiser, each of which gives all steps of the student.
    """

    taken: int = 4
    substeps: int = 4
    guidance: float = 2.5
    batch: int = 8


class Steps:
    """The levels of noise that are visited, evenly spaced from the noisiest on ("trailing", Lin et al. 2024).

    Args:
        objective: of the model.
        scheduler: the noise schedule of its training, as diffusers configures it.
        count: how many steps.
    """

    def __init__(self, objective: Objective, scheduler: Mapping[str, Any], count: int) -> None:
        trained = int(scheduler.get("num_train_timesteps", 1000))
        times = np.round(np.arange(trained, 0, -trained / count)).astype(int)[:count] - 1
        self._levels = objective.at(torch.from_numpy(times))
        last = objective.at(torch.zeros(1, dtype=torch.long))
        if scheduler.get("set_alpha_to_one", True):
            last = Levels(torch.ones_like(last.signal), torch.zeros_like(last.noise), last.timesteps)
        self._signal = torch.cat([self._levels.signal, last.signal])
        self._noise = torch.cat([self._levels.noise, last.noise])
        self.count = count

    def at(self, index: int, rows: int) -> Levels:
        """Return the level before a step, for some rows; after the last there is no timestep."""
        times = self._levels.timesteps[min(index, self.count - 1)]
        return Levels(self._signal[index].expand(rows), self._noise[index].expand(rows), times.expand(rows))

    def taken(self, index: int, state: Tensor, clean: Tensor) -> Tensor:
        """Return the state after a step, if the prediction says that ``clean`` is behind it."""
        noise = (state - self._signal[index] * clean) / self._noise[index]
        return self._signal[index + 1] * clean + self._noise[index + 1] * noise

    def behind(self, index: int, state: Tensor, after: Tensor) -> Tensor:
        """Return what must be behind a state, so that one step leads to ``after``."""
        ratio = self._noise[index + 1] / self._noise[index]
        return (after - ratio * state) / (self._signal[index + 1] - ratio * self._signal[index])


class Teacher:
    """Walks from noise to pictures, and tells what it passes; ways are kept, up to a bound.

    Args:
        recipe: see :class:`DistillRecipe`.
        denoising: of the denoiser that teaches.
        scheduler: the noise schedule of its training.
        texts: the captions, encoded.
        shape: of one latent, [channels, height, width].
        seed: of the noise.
    """

    def __init__(
        self,
        recipe: DistillRecipe,
        denoising: Denoising,
        scheduler: Mapping[str, Any],
        texts: Captions,
        shape: tuple[int, int, int],
        seed: int,
    ) -> None:
        self._recipe, self._denoising, self._texts, self._shape, self._seed = recipe, denoising, texts, shape, seed
        self._steps = Steps(denoising.objective, scheduler, recipe.taken * recipe.substeps)
        self.groups = max(1, texts.count // recipe.batch)
        way = 4 * int(np.prod(shape)) * recipe.batch * (recipe.taken + 1)
        self.way = lru_cache(max(1, _KEPT_BYTES // way))(self._way)

    def group(self, index: int) -> ConditioningEntry:
        """Return the texts of a group: a row for each."""
        batch = self._recipe.batch
        return self._texts.rows([row % self._texts.count for row in range(index * batch, (index + 1) * batch)])

    def noise(self, index: int) -> Tensor:
        """Return the noise that a group begins with."""
        generator = torch.Generator().manual_seed(int(np.random.default_rng((self._seed, index)).integers(2**62)))
        return torch.randn((self._recipe.batch, *self._shape), generator=generator)

    @torch.no_grad()
    def _way(self, index: int) -> Sequence[Tensor]:
        """Walk with one group; return the states between the student's steps, noise first."""
        recipe, texts, device = self._recipe, self.group(index), self._denoising.device
        state, rows = self.noise(index).to(device), recipe.batch
        both = joined([*[self._texts.text(None)] * rows, texts])
        passed = [state.cpu()]
        for step in range(self._steps.count):
            levels = self._steps.at(step, rows)
            times = levels.timesteps.repeat(2)
            away, towards = self._denoising.predicted(state.repeat(2, 1, 1, 1), both, times).chunk(2)
            guided = away + recipe.guidance * (towards - away)
            state = self._steps.taken(step, state, self._denoising.objective.clean(levels, state, guided))
            if (step + 1) % recipe.substeps == 0:
                passed.append(state.cpu())
        return passed


class DistillTask:
    """Learning a teacher's way in few steps (see :class:`graphengine.diffusion.training.loop.Task`).

    Args:
        student: predicts with what is trained.
        module: that.
        scheduler: the noise schedule of its training.
        recipe: see :class:`DistillRecipe`.
        teacher: of the captions to learn from.
        control: of those to measure on.
    """

    module: nn.Module

    def __init__(
        self,
        student: Denoising,
        module: nn.Module,
        scheduler: Mapping[str, Any],
        recipe: DistillRecipe,
        teacher: Teacher,
        control: Teacher,
    ) -> None:
        self._student, self._teacher, self._control = student, teacher, control
        self._steps = Steps(student.objective, scheduler, recipe.taken)
        self.module = nn.ModuleDict({"model": module}).eval()
        with torch.no_grad():
            self._begun = self._control_error()

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Compute the mean squared error of the predictions for all steps of a random group of captions."""
        index = int(rng.integers(self._teacher.groups))
        way, texts = [state.to(self._student.device) for state in self._teacher.way(index)], self._teacher.group(index)
        seen, wanted, times = [], [], []
        for step, (state, after) in enumerate(pairwise(way)):
            levels = self._steps.at(step, len(state))
            seen.append(state)
            wanted.append(self._student.objective.towards(levels, state, self._steps.behind(step, state, after)))
            times.append(levels.timesteps)
        predicted = self._student.predicted(torch.cat(seen), joined([texts] * len(seen)), torch.cat(times))
        return (predicted - torch.cat(wanted)).square().mean()

    def measure(self) -> dict[str, float]:
        """Tell how far the student ends from its teacher on control captions, and which share of that is gone."""
        error = self._control_error()
        return {"error": error, "gain": 1 - error / self._begun}

    def _control_error(self) -> float:
        """Compute the mean squared distance between the latents in which both end, from the same noise."""
        errors = []
        for index in range(self._control.groups):
            way, texts = self._control.way(index), self._control.group(index)
            state = way[0].to(self._student.device)
            for step in range(self._steps.count):
                levels = self._steps.at(step, len(state))
                predicted = self._student.predicted(state, texts, levels.timesteps)
                state = self._steps.taken(step, state, self._student.objective.clean(levels, state, predicted))
            errors.append(float((state.cpu() - way[-1]).square().mean()))
        return float(np.mean(errors))
