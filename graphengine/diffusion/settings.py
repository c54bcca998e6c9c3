"""How to sample, as a value."""

from dataclasses import dataclass

from torch import Tensor

from graphengine.diffusion.guidance import Mix
from graphengine.diffusion.samplers import SamplerName
from graphengine.diffusion.schedules import ScheduleName
from graphengine.diffusion.types.custom import Weakening


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
        weakenings: what else predictions are led away from.
        denoise: how much of the schedule is walked: 1 starts from pure noise and nothing of the latent remains; less
            starts from the latent with as much noise as belongs there, int(steps · denoise) steps from the end.
        first: the step with which the walk begins instead, from 0.
        last: the step before which it ends; None is the end of the schedule. What noise is left then stays.
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
    weakenings: tuple[Weakening, ...] = ()
    first: int | None = None
    last: int | None = None

    @property
    def span(self) -> tuple[int, int]:
        """The steps that are made: the first, and the one after the last."""
        first = self.steps - int(self.steps * self.denoise) if self.first is None else self.first
        return first, self.steps if self.last is None else min(self.last, self.steps)

    @property
    def walked(self) -> int:
        """How many steps are made."""
        first, end = self.span
        return max(0, end - first)
