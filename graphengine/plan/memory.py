"""How much memory a plan needs, and whether it is there: from headers of models, and from what earlier calls took."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from graphengine.plan.past import Device, Past, Record, Taken
from graphengine.plan.plan import Step, Task
from graphengine.plan.weights import Count, Parts, Weights, weights_of

Fit = Literal["yes", "over_budget", "unlikely"]
"""Whether a plan fits: nothing that is known says no; models are larger than the owner wants them, which slows; or
calls took more before than there is. What cannot fit at all is a problem, and no plan."""

_ORDER: Final[Sequence[Fit]] = ("yes", "over_budget", "unlikely")
_SMALLEST: Final = 2  # bytes of a number, where nobody knows yet on which device


@dataclass(frozen=True, slots=True)
class Machine:
    """The memory that there is, in bytes.

    Attributes:
        device: where models compute; None if that is not known yet.
        host: all that the system gives, swap included; None if it does not tell.
        budget: what loaded weights may take where they compute.
    """

    device: Device | None = None
    host: int | None = None
    budget: int | None = None

    @property
    def itemsize(self) -> int:
        """The bytes of a weight whose number format nobody chooses; the least where the device is not known."""
        return 4 if self.device is not None and self.device.name.startswith("cpu") else _SMALLEST

    @property
    def room(self) -> int | None:
        """What weights can take at once, whatever else goes; None if that is not known."""
        return self.host if self.device is None or not self.device.capacity else self.device.capacity


@dataclass(frozen=True, slots=True)
class Needs:
    """What a call will take of the memory, in bytes, judging by headers and earlier calls; None is not known.

    Attributes:
        weights: of the models that it uses, where they compute.
        working: beside them on a device with memory of its own.
        host: in the host's memory, beside weights.
        result: about what it returns.
    """

    weights: int | None = None
    working: int | None = None
    host: int | None = None
    result: int | None = None


_NO_WEIGHTS: Final = Needs(weights=0)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the calls of a plan will take at most at a time, and whether that is there.

    Attributes:
        device: weights and what is worked with, on a device with memory of its own; 0 where there is none.
        host: the same in the host's memory.
        results: about what all that is computed will take together.
    """

    machine: Machine
    fit: Fit
    weights: int
    device: int
    host: int
    results: int


def _none(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Tells what calls will need.

    Args:
        parts: the types of weights, and what part of a model each stands for.
        count: says how many numbers a part of a file holds.
    """

    machine: Machine = Machine()
    parts: Parts = field(default_factory=dict)
    count: Count = _none

    def weights(self, task: Task, steps: Mapping[str, Step]) -> tuple[Weights, ...] | None:
        """Return the weights that a call uses, if they are known; see :func:`graphengine.plan.weights.weights_of`.

        Only calls of the lane ``gpu`` load any; others look at what stands for them.
        """
        uses = task.weights and task.lane == "gpu"
        return weights_of(task, steps, self.parts, self.count) if uses else ()

    def nbytes(self, weights: Iterable[Weights]) -> int:
        """Return what weights take where they compute."""
        return sum(each.numbers * each.itemsize(self.machine.itemsize) for each in weights)

    def needs(self, task: Task, steps: Mapping[str, Step], past: Past) -> Needs:
        """Return what a call will need."""
        taken = _taken(task, past)
        if taken is None and not task.weights:
            return _NO_WEIGHTS
        footprint = None if taken is None else taken.footprint
        weights = self.weights(task, steps)
        if weights is not None:
            size: int | None = self.nbytes(weights)
        else:
            size = None if footprint is None else footprint.weights
        return Needs(
            weights=size,
            working=None if footprint is None else footprint.working,
            host=None if footprint is None else footprint.host,
            result=None if taken is None else taken.result,
        )

    def outlook(self, needs: Sequence[Needs]) -> Outlook:
        """Return what some calls need at most at a time, made one after another, and whether that is there."""
        apart = bool(self.machine.device and self.machine.device.capacity)
        device = max(((each.weights or 0) + (each.working or 0) for each in needs), default=0) if apart else 0
        host = max(((each.host or 0) + (0 if apart else each.weights or 0) for each in needs), default=0)
        return Outlook(
            machine=self.machine,
            fit=max((self._fit(each, apart=apart) for each in needs), key=_ORDER.index, default="yes"),
            weights=max((each.weights or 0 for each in needs), default=0),
            device=device,
            host=host,
            results=sum(each.result or 0 for each in needs),
        )

    def _fit(self, needs: Needs, *, apart: bool) -> Fit:
        weights, machine = needs.weights or 0, self.machine
        room = machine.room
        beside = (needs.working if apart else needs.host) or 0
        if (room is not None and weights + beside > room) or (machine.host is not None and _over(needs, machine.host)):
            return "unlikely"
        return "over_budget" if machine.budget is not None and weights > machine.budget else "yes"


def _over(needs: Needs, host: int) -> bool:
    return (needs.host or 0) > host


def _taken(task: Task, past: Past) -> Taken | None:
    before: Record | None = past.nodes.get(task.name)
    typical = past.taken.get(task.spec.key)
    if before is None or before.taken is None or before.made_of.type != task.spec.id:
        return typical
    return before.taken.over(typical)
