"""Distilling a denoiser to a consistency model, which tells from any level of noise what its teacher would draw.

The consistency function of a denoiser leads from everywhere on a way from noise to a picture to the end of that way
(Song et al., Consistency Models, 2023). The student learns it from pairs of places on the same way: a picture with
noise, and where one step of DDIM (Song et al. 2021) under the teacher's guidance leads from there. What it tells at the
first is pulled to what the moving average of its weights tells at the second (Luo et al., Latent Consistency Models,
2023).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from graphengine.diffusion.schedules import make_scheduler
from graphengine.diffusion.training.denoising import Denoising
from graphengine.diffusion.training.distilling import DistillRecipe, Steps, Teacher
from graphengine.diffusion.training.material import Material, joined
from graphengine.diffusion.training.objective import Levels, spread
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.models.prediction import Prediction

Distance = Literal["huber", "squared"]
"""How what is told at both places is compared: by the pseudo-Huber distance, which outliers move less, or squared."""

_VISITED = 50  # timesteps that the sampler chooses from (LCMScheduler's original_inference_steps)
_HUBER = 0.001  # where the pseudo-Huber distance turns from squared to linear (Luo et al. 2023)


@dataclass(frozen=True, slots=True)
class ConsistencyRecipe:
    """What a student learns.

    Attributes:
        skip: how many timesteps the teacher's step goes.
        guidance: the scale of the teacher's guidance.
        distance: what is made small.
        batch: pictures per step of the optimiser.
        taken: the steps in which what it draws is measured.
    """

    skip: int = 20
    guidance: float = 2.5
    distance: Distance = "huber"
    batch: int = 16
    taken: int = 4

    def way(self, scheduler: Mapping[str, Any], count: int) -> DistillRecipe:
        """Return how the teacher walks all of a way for ``count`` captions at once, in steps of about that size."""
        trained = int(scheduler.get("num_train_timesteps", 1000))
        return DistillRecipe(self.taken, max(1, round(trained / (self.taken * self.skip))), self.guidance, count)


class Consistency:
    """The consistency function of a denoiser, with the boundary conditions of the sampler ``lcm``.

    It is c_skip(t) · x + c_out(t) · (what the denoiser says is behind x), and x itself at t = 0.

    Args:
        denoising: of the denoiser.
        scheduler: the noise schedule of its training.
        prediction: what it predicts.

    Raises:
        NodeError: that sampler cannot walk the schedule.
    """

    def __init__(self, denoising: Denoising, scheduler: Mapping[str, Any], prediction: Prediction) -> None:
        self._denoising = denoising
        self._sampler = make_scheduler(
            scheduler, prediction=prediction, sampler="lcm", schedule="normal", steps=_VISITED, device=denoising.device
        )

    @property
    def timesteps(self) -> Tensor:
        """All at which the sampler may look, ascending: shape [50]."""
        times: Tensor = self._sampler.timesteps.flip(0)
        return times

    def __call__(self, seen: Tensor, texts: ConditioningEntry, levels: Levels) -> Tensor:
        """Tell what is at the end of the ways on which latents [batch, channels, height, width] lie."""
        predicted = self._denoising.predicted(seen, texts, levels.timesteps)
        clean = self._denoising.objective.clean(levels, seen, predicted)
        skip, out = self._sampler.get_scalings_for_boundary_condition_discrete(levels.timesteps)
        return spread(skip, seen) * seen + spread(out, seen) * clean


class ConsistencyTask:
    """Learning the consistency function (see :class:`graphengine.diffusion.training.loop.Task`).

    Args:
        recipe: see :class:`ConsistencyRecipe`.
        teacher: predicts with what teaches.
        student: is told by what learns.
        target: is told by a copy of that, whose weights become the moving averages.
        modules: those of ``student`` and ``target``.
        material: to learn from.
        control: walks with captions to measure on.
        scheduler: the noise schedule of the model's training.
    """

    module: nn.Module

    def __init__(
        self,
        recipe: ConsistencyRecipe,
        teacher: Denoising,
        student: Consistency,
        target: Consistency,
        modules: tuple[nn.Module, nn.Module],
        material: Material,
        control: Teacher,
        scheduler: Mapping[str, Any],
    ) -> None:
        self._recipe, self._teacher, self._student, self._target = recipe, teacher, student, target
        self._material, self._control = material, control
        self._steps = Steps(teacher.objective, scheduler, recipe.taken)
        self.module, self._followed = (nn.ModuleDict({"model": each}).eval() for each in modules)
        self._followed.requires_grad_(False)
        with torch.no_grad():
            self._begun = self._control_error()

    def follow(self, averages: Mapping[str, Tensor]) -> None:
        """Let the target be the moving averages as they change: it shares their memory, and has no state of its own."""
        self._followed.load_state_dict(averages, assign=True)

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Compute the mean distance for a random batch, with noise levels that are spread evenly."""
        self.module.eval()  # dropout of a network's own draws from no seed
        count, visited = self._recipe.batch, self._student.timesteps
        indices = [int(index) for index in rng.integers(0, self._material.count, count)]
        latents = torch.cat([self._material.latent(index) for index in indices])
        noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(int(rng.integers(2**62))))
        places = (np.arange(count) + rng.random()) / count * len(visited)
        levels = self._teacher.objective.at(visited[torch.from_numpy(places).long().clamp_max(len(visited) - 1)])
        texts = self._material.texts(indices)
        seen = levels.mixed(latents.to(self._teacher.device), noise.to(self._teacher.device))
        with torch.no_grad():
            after, later = self._stepped(seen, texts, levels)
            wanted = self._target(after, texts, later)
        return self._distance(self._student(seen, texts, levels) - wanted)

    def measure(self) -> dict[str, float]:
        """Tell how far what is told on a way is from its end, squared, and which share of it at the beginning is gone.

        It is the teacher's way under guidance, looked at from the steps of a sampling.
        """
        error = self._control_error()
        return {"error": error, "gain": 1 - error / self._begun}

    def _stepped(self, seen: Tensor, texts: ConditioningEntry, levels: Levels) -> tuple[Tensor, Levels]:
        """Return where a step of the teacher leads, and the levels there."""
        later = self._teacher.objective.at((levels.timesteps - self._recipe.skip).clamp_min(0))
        both = joined([*[self._material.text(None)] * len(seen), texts])
        predicted = self._teacher.predicted(torch.cat([seen, seen]), both, levels.timesteps.repeat(2))
        away, towards = predicted.chunk(2)
        clean = self._teacher.objective.clean(levels, seen, away + self._recipe.guidance * (towards - away))
        noise = (seen - spread(levels.signal, seen) * clean) / spread(levels.noise, seen)
        return later.mixed(clean, noise), later

    def _distance(self, difference: Tensor) -> Tensor:
        squared = difference.square()
        return squared.mean() if self._recipe.distance == "squared" else ((squared + _HUBER**2).sqrt() - _HUBER).mean()

    def _control_error(self) -> float:
        groups = range(self._control.groups)
        return float(np.mean(list(chain.from_iterable(self._errors(index) for index in groups))))

    def _errors(self, index: int) -> list[float]:
        *passed, end = (state.to(self._teacher.device) for state in self._control.way(index))
        texts = self._control.group(index)
        told = [self._student(state, texts, self._steps.at(step, len(state))) for step, state in enumerate(passed)]
        return [float((each - end).square().mean()) for each in told]
