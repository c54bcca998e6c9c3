"""One training loop for every task: optimise, average, log, save, and continue where it was stopped.

All randomness of a step derives from the seed and the step's number alone. A checkpoint therefore needs
weights, averages, optimiser state and one integer, and a resumed run is bitwise the undisturbed one.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, assert_never, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from graphengine.diffusion.training.ema import MovingAverage
from graphengine.diffusion.types.optimiser import Schedule

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How to optimise.

    Attributes:
        steps: length of the whole schedule, in optimiser steps.
        rate: peak learning rate of AdamW.
        warmup: steps over which the rate rises linearly from zero.
        weight_decay: decoupled weight decay.
        clip: largest allowed norm of the whole gradient.
        ema: decay of the weights' moving average.
        seed: the root of all randomness.
        schedule: how the rate goes on after the warm-up.
        momentum: decay of the gradient's own moving average (the first beta of AdamW).
    """

    steps: int
    rate: float
    warmup: int = 200
    weight_decay: float = 0.01
    clip: float = 1.0
    ema: float = 0.999
    seed: int = 0
    schedule: Schedule = "cosine"
    momentum: float = 0.9

    def rate_at(self, step: int) -> float:
        """Learning rate of a step: linear warm-up, then half a cosine to zero (Loshchilov & Hutter 2017) or so."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        share = min(1.0, (step - self.warmup) / max(1, self.steps - self.warmup))
        match self.schedule:
            case "cosine":
                return self.rate * 0.5 * (1 + math.cos(math.pi * share))
            case "linear":
                return self.rate * (1 - share)
            case "constant":
                return self.rate
            case other:
                assert_never(other)


class Task(Protocol):
    """What a training loop trains: a module, a loss for each step and a measure to report now and then."""

    module: nn.Module

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Compute the loss on one batch, drawn with `rng` alone; a scalar with gradient."""
        ...

    def measure(self) -> dict[str, float]:
        """Figures of the module with its present weights, for the log."""
        ...


@runtime_checkable
class Follower(Protocol):
    """A task that learns from the moving averages of its own weights, as of a teacher."""

    def follow(self, averages: Mapping[str, Tensor]) -> None:
        """Take them, by the names in the module's state; they change in place after every step."""
        ...


class Keeper(Protocol):
    """Keeps the state of a training: nested dicts and lists of tensors and plain values."""

    def load(self) -> dict[str, Any] | None:
        """Return the state that was kept, or None to start over."""
        ...

    def offer(self, make: Callable[[], dict[str, Any]]) -> None:
        """Keep what ``make`` returns, if it is time; called after every step."""
        ...

    def end(self, make: Callable[[], dict[str, Any]]) -> None:
        """Keep the state at the end of a run."""
        ...


@dataclass(frozen=True, slots=True)
class Stop:
    """When to stop before the schedule ends, and how often to measure (all in steps or seconds).

    Attributes:
        patience: after how many measurements without a better one to stop; 0 is never. Where it is not, the weights
            that come out are those that were measured best (Prechelt, Early Stopping - But When?, 1998).
        figure: the figure that is to grow.
    """

    seconds: float = math.inf
    step: int | None = None
    measure_every: int = 500
    patience: int = 0
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the curve: the mean loss since the point before, and the figures of the averaged weights."""

    step: int
    loss: float
    figures: Mapping[str, float]


class Trainer:
    """Trains one task, and goes on from the state that was kept."""

    def __init__(self, task: Task, pace: Pace, keeper: Keeper) -> None:
        self._task, self._pace, self._keeper = task, pace, keeper
        self._optimiser = torch.optim.AdamW(
            task.module.parameters(),
            lr=pace.rate,
            weight_decay=pace.weight_decay,
            betas=(pace.momentum, 0.99),
            fused=True,
        )
        self.average = MovingAverage(task.module, pace.ema)
        if isinstance(task, Follower):
            task.follow(self.average.weights)
        self.step = 0
        self.seconds = 0.0
        self.curve: list[Point] = []
        self._losses: list[float] = []
        self._best: dict[str, Tensor] | None = None
        self._outcome: Point | None = None
        self._resume()

    @property
    def outcome(self) -> Point:
        """The point of the curve whose weights the averages are: after a run with patience the best, else the last."""
        return self._outcome or self.curve[-1]

    def run(
        self, stop: Stop, clock: Callable[[], float] = time.monotonic, watch: Callable[[], None] = lambda: None
    ) -> None:
        """Train until the schedule or `stop` ends, and keep the state.

        Args:
            stop: limits of this run; the schedule itself is the pace's.
            clock: a monotonic clock in seconds.
            watch: called after every step; what it raises ends the run.
        """
        last = self._pace.steps if stop.step is None else min(stop.step, self._pace.steps)
        begin, spent = clock(), self.seconds
        while self.step < last and clock() - begin < stop.seconds and not self._has_settled(stop):
            self._losses.append(self._advance())
            self.seconds = spent + clock() - begin
            if self.step % stop.measure_every == 0 or self.step == self._pace.steps:
                self._measure(stop)
            self._keeper.offer(self._state)
            watch()
        self._keeper.end(self._state)
        if stop.patience and self._best is not None:
            self.average.load(self._best)
            self._outcome = self.curve[_best_of(self.curve, stop.figure)]

    def _has_settled(self, stop: Stop) -> bool:
        """Whether the last measurements have brought nothing."""
        if not stop.patience or not self.curve:
            return False
        return len(self.curve) - 1 - _best_of(self.curve, stop.figure) >= stop.patience

    def _advance(self) -> float:
        """One optimiser step; returns its loss."""
        module, pace = self._task.module, self._pace
        module.train()
        for group in self._optimiser.param_groups:
            group["lr"] = pace.rate_at(self.step)
        loss = self._task.loss(np.random.default_rng((pace.seed, self.step)))
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(module.parameters(), pace.clip)
        self._optimiser.step()
        self.average.update(module, self.step)
        self.step += 1
        return loss.item()

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the task's module have the averaged weights for a while, to be looked at and not to be trained."""
        module = self._task.module
        own = {name: weight.clone() for name, weight in module.state_dict().items()}
        module.load_state_dict(self.average.weights)
        module.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            module.load_state_dict(own)

    def _measure(self, stop: Stop) -> None:
        """Put a point on the curve; where that may end the run, weights that are better than all before are kept."""
        with self.averaged():
            figures = self._task.measure()
        point = Point(self.step, float(np.mean(self._losses)), figures)
        self.curve.append(point)
        self._losses = []
        if stop.patience and self.curve[_best_of(self.curve, stop.figure)] is point:
            self._best = {name: weight.clone() for name, weight in self.average.weights.items()}
        shown = " ".join(f"{name} {value:.4g}" for name, value in figures.items())
        log.info("step %d, %.0f s, loss %.5f, %s", self.step, self.seconds, point.loss, shown)

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "seconds": self.seconds,
            "module": dict(self._task.module.state_dict()),
            "average": self.average.weights,
            "optimiser": self._optimiser.state_dict(),
            "curve": [[point.step, point.loss, dict(point.figures)] for point in self.curve],
            "losses": list(self._losses),
            "best": self._best,
        }

    def _resume(self) -> None:
        """Continue from the state that was kept, if there is one."""
        state = self._keeper.load()
        if state is None:
            return
        self._task.module.load_state_dict(state["module"])
        self.average.load(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._lay_moments_out()
        self.step, self.seconds = state["step"], state["seconds"]
        self.curve = [Point(step, loss, figures) for step, loss, figures in state.get("curve", [])]
        self._losses = list(state.get("losses", []))
        best = state.get("best")
        if best is not None:
            self._best = {name: best[name].to(weight.device) for name, weight in self.average.weights.items()}
        log.info("resumed at step %d after %.0f s", self.step, self.seconds)

    def _lay_moments_out(self) -> None:
        """Let what the optimiser keeps of a weight lie in memory as the weight does: its fused step takes that so."""
        for weight, kept in self._optimiser.state.items():
            for name, value in kept.items():
                if isinstance(value, Tensor) and value.shape == weight.shape and value.stride() != weight.stride():
                    kept[name] = torch.empty_like(weight, dtype=value.dtype).copy_(value)


def _best_of(curve: Sequence[Point], figure: str) -> int:
    """Return which point of a curve has the highest figure; of equal ones the first."""
    return max(range(len(curve)), key=lambda index: curve[index].figures[figure])
