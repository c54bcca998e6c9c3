"""What all trainings have in common: their pace, that they are kept and watched, and what is written down of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from torch import Tensor

from graphengine.diffusion.images import to_jpeg
from graphengine.diffusion.training.curve import curve_picture
from graphengine.diffusion.training.keeping import CallKeeper
from graphengine.diffusion.training.loop import Pace, Stop, Task, Trainer
from graphengine.node.checkpoints import Checkpoints
from graphengine.node.context import Context, Preview

MEASURES: Final = 20
"""How often a training is measured, if its schedule is long enough."""


@dataclass(frozen=True)
class Course:
    """How a training goes, from its first step to its last.

    Attributes:
        pace: how it is optimised.
        figure: what is measured, and is to grow.
        patience: after how many measurements without a better one it ends; 0 is never.
        written: how figures are written down beside the weights.
    """

    pace: Pace
    figure: str
    patience: int
    written: str

    def run(self, task: Task, checkpoints: Checkpoints, context: Context) -> Trainer:
        """Train to the end, or from where it was cut off."""
        steps = self.pace.steps
        trainer = Trainer(task, self.pace, CallKeeper(checkpoints))
        stop = Stop(measure_every=max(1, steps // MEASURES), patience=self.patience, figure=self.figure)
        trainer.run(stop, watch=partial(self._tell, trainer, context))
        return trainer

    def notes(self, trainer: Trainer, **settings: Any) -> Mapping[str, str]:
        """Return what lies beside the weights: the settings, and the figures at the end."""
        figures = {name: self.written.format(value) for name, value in trainer.curve[-1].figures.items()}
        return {name: str(value) for name, value in (asdict(self.pace) | settings).items()} | figures

    def _tell(self, trainer: Trainer, context: Context) -> None:
        context.progress(trainer.step, self.pace.steps)
        if trainer.curve and trainer.curve[-1].step == trainer.step:
            context.preview(partial(self._look, trainer))

    def _look(self, trainer: Trainer) -> Preview:
        picture = curve_picture(trainer.curve, self.figure, self.pace.steps)
        return Preview("image/jpeg", to_jpeg(picture), picture.width, picture.height)


def course(
    steps: int,
    rate: float,
    weight_decay: float,
    seed: int,
    *,
    figure: str,
    patience: int,
    ema: float,
    written: str = "{:.4f}",
    momentum: float = 0.9,
) -> Course:
    """Return the course of a training with a warm-up of a tenth of its steps, at most 100."""
    pace = Pace(
        steps, rate, warmup=min(100, steps // 10), weight_decay=weight_decay, ema=ema, seed=seed, momentum=momentum
    )
    return Course(pace, figure, patience, written)


def averages(trainer: Trainer, part: str = "") -> dict[str, Tensor]:
    """Return the moving averages of the weights, fp32 on the CPU.

    Args:
        trainer: what was trained.
        part: how the names of those begin that are wanted; they come without it.
    """
    return {
        name.removeprefix(part): tensor.detach().float().cpu().clone()
        for name, tensor in trainer.average.weights.items()
        if name.startswith(part)
    }
