"""What cannot fit into the memory of this machine, found before anything runs, and what would make it fit."""

import re
from collections.abc import Iterator, Mapping, Sequence

from graphengine.errors import Problem, shown_bytes
from graphengine.plan.demand import Demand, Kept, nowhere
from graphengine.plan.memory import Forecast, Machine
from graphengine.plan.plan import Plan, Step, Task
from graphengine.plan.weights import FORMATS, Choice, Weights, files_of

_LARGEST = max(FORMATS.values())
_TURN = re.compile(r"\[\d+\]")


def misfits(plan: Plan, forecast: Forecast, kept: Kept | None) -> list[Problem]:
    """Return a problem for each node that a run would call and whose models have no room, whatever else goes.

    Weights are only counted where they are known, and only against memory that is there for certain: who is refused
    could never have run. Whoever comes from the cache needs no room.

    Args:
        kept: says where a result is kept; None where the cache is switched off.
    """
    machine = forecast.machine
    rooms = [each for each in (machine.room, machine.host) if each is not None]
    opened = sum(files_of(task, forecast.parts, forecast.count) for task in plan.calls.values())
    if not rooms or opened * _LARGEST <= min(rooms):
        return []  # nearly always
    demand = Demand(plan, kept or nowhere)
    found = (
        problem
        for name in demand.steps
        if demand.verdicts[name] == "runs" and isinstance(task := demand.steps[name], Task)
        for problem in _problems(task, demand.steps.all, forecast)
    )
    return list(dict.fromkeys(found))  # the turns of a loop have the same


def _problems(task: Task, steps: Mapping[str, Step], forecast: Forecast) -> Iterator[Problem]:
    weights, machine = forecast.weights(task, steps) or (), forecast.machine
    if machine.device is not None and machine.room is not None:
        where = machine.device.name if machine.device.capacity else "this machine"
        size = forecast.nbytes(weights)
        if size > machine.room:
            needs = f"the models that it uses take {shown_bytes(size)} at once"
            yield _problem(task, needs, where, machine.room, _hint(weights, machine, machine.room))
            return
    for each in weights:  # each is made in the host's memory, wherever it goes from there
        size = forecast.nbytes([each])
        if machine.host is not None and size > machine.host:
            part = f"the {each.part.replace('_', ' ')} of " if each.part else ""
            needs = f"{part}{each.file.reference!r} takes {shown_bytes(size)}"
            yield _problem(task, needs, "this machine", machine.host, _hint([each], machine, machine.host))


def _problem(task: Task, needs: str, where: str, room: int, hint: str) -> Problem:
    node = _TURN.sub("", task.name)
    return Problem("does_not_fit", f"{needs}, and {where} has {shown_bytes(room)}", node, hint=hint)


def _hint(weights: Sequence[Weights], machine: Machine, room: int) -> str:
    """Say what would make weights fit."""
    choices = {each.choice for each in weights if each.choice is not None}
    smaller = [each for each in choices if FORMATS.get(each.value, machine.itemsize) > 2]
    halved = sum(each.numbers * (2 if each.choice in choices else each.itemsize(machine.itemsize)) for each in weights)
    if smaller and halved <= room:
        return f"With {_named(smaller)} they take {shown_bytes(halved)}."
    least = min(halved, sum(each.numbers * each.itemsize(machine.itemsize) for each in weights))
    also = f" and {_named(smaller)}" if smaller else ""
    return f"It would fit into {shown_bytes(least)}{also}; or take smaller models."


def _named(choices: Sequence[Choice]) -> str:
    return ", ".join(sorted(f"{each.node}.{each.socket} = 'float16'" for each in choices))
