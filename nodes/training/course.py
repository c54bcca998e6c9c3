"""What all trainings have in common: their pace, that they are kept and watched, and what is written down of them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final, Protocol

import torch
from torch import Tensor

from graphengine.diffusion.images import to_jpeg
from graphengine.diffusion.training.curve import curve_picture, with_samples
from graphengine.diffusion.training.keeping import CallKeeper
from graphengine.diffusion.training.loop import Pace, Stop, Task, Trainer
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.optimiser import Optimiser, Precision
from graphengine.node.checkpoints import Checkpoints
from graphengine.node.context import Context, Preview

MEASURES: Final = 20
"""How often a training is measured, if its schedule is long enough."""


def uses_half(precision: Precision, device: torch.device) -> bool:
    """Whether a training computes in bfloat16; on its own accord it does where that is quicker for sure."""
    return precision == "bfloat16" or (precision == "auto" and device.type != "cpu")


class Run(Protocol):
    """Trains a task to its end; see :meth:`Course.run`."""

    def __call__(self, task: Task, *, samples: Callable[[], Image] | None = None) -> Trainer:
        """Train."""
        ...


@dataclass(frozen=True)
class Course:
    """How a training goes, from its first step to its last.

    Attributes:
        pace: how it is optimised.
        figure: what is measured, and is to grow.
        patience: after how many measurements without a better one it ends; 0 is never. Where it is not, the weights
            that come out are those that were measured best.
        written: how figures are written down beside the weights.
    """

    pace: Pace
    figure: str
    patience: int
    written: str

    def run(
        self, task: Task, checkpoints: Checkpoints, context: Context, samples: Callable[[], Image] | None = None
    ) -> Trainer:
        """Train to the end, or from where it was cut off.

        Args:
            samples: makes pictures with what the task trains, to be looked at whenever it is measured.
        """
        steps = self.pace.steps
        trainer = Trainer(task, self.pace, CallKeeper(checkpoints))
        stop = Stop(measure_every=max(1, steps // MEASURES), patience=self.patience, figure=self.figure)
        trainer.run(stop, watch=partial(self._tell, trainer, context, samples))
        return trainer

    def notes(self, trainer: Trainer, **settings: Any) -> Mapping[str, str]:
        """Return what lies beside the weights: the settings, and the figures at the end."""
        figures = {name: self.written.format(value) for name, value in trainer.outcome.figures.items()}
        told = asdict(self.pace) | settings | {"measured_at": trainer.outcome.step}
        return {name: str(value) for name, value in told.items()} | figures

    def _tell(self, trainer: Trainer, context: Context, samples: Callable[[], Image] | None) -> None:
        context.progress(trainer.step, self.pace.steps)
        if trainer.curve and trainer.curve[-1].step == trainer.step:
            context.preview(partial(self._look, trainer, samples))

    def _look(self, trainer: Trainer, samples: Callable[[], Image] | None) -> Preview:
        picture = curve_picture(trainer.curve, self.figure, self.pace.steps)
        if samples is not None:
            with trainer.averaged():
                picture = with_samples(picture, samples())
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
    warmup: int = 100,
    **more: Any,
) -> Course:
    """Return the course of a training; its warm-up takes at most a tenth of its steps.

    Args:
        more: of :class:`~graphengine.diffusion.training.loop.Pace`.
    """
    warm = min(warmup, steps // 10)
    pace = Pace(steps, rate, warmup=warm, weight_decay=weight_decay, ema=ema, seed=seed, **more)
    return Course(pace, figure, patience, written)


def paced(
    how: Optimiser, steps: int, rate: float, seed: int, *, figure: str, patience: int, written: str = "{:.4f}"
) -> Course:
    """Return the course of a training whose finer settings are a value of their own."""
    more: dict[str, Any] = {"warmup": how.warmup, "clip": how.clip, "schedule": how.schedule}
    return course(
        steps, rate, how.weight_decay, seed, figure=figure, patience=patience, ema=how.ema, written=written, **more
    )


def averages(trainer: Trainer, start: str = "", part: str = "") -> dict[str, Tensor]:
    """Return the moving averages of the weights, fp32 on the CPU.

    Args:
        trainer: what was trained.
        start: how all names begin in what is returned.
        part: how the names of those begin that are wanted; they come without it.
    """
    return {
        f"{start}{name.removeprefix(part)}": tensor.detach().float().cpu().clone().contiguous()
        for name, tensor in trainer.average.weights.items()
        if name.startswith(part)
    }
