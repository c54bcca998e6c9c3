"""Opening a loop, where the values are: how long a list is, and whether a condition holds."""

from graphengine.errors import Failure
from graphengine.plan.expand import expand_each, expand_while
from graphengine.plan.plan import Expansion
from graphengine.run.executors.base import Executor
from graphengine.run.handle import Handle, Handles, listed
from graphengine.run.messages import Open, Opened, Raised
from graphengine.workflow.graph import ForEach


def open_loop(instruction: Open, executor: Executor) -> Opened | Raised:
    """Return what becomes of a loop that is reached."""
    opening, repeat = instruction.opening, instruction.opening.loop.repeat
    ports: Handles = {}
    expansion: Expansion | Failure
    if isinstance(repeat, ForEach):
        ports = {port: _opened(handle, executor) for port, handle in instruction.inputs.items()}
        lengths = {port: len(handle.items or ()) for port, handle in ports.items()}
        expansion = expand_each(opening, repeat, lengths, instruction.opened)
    else:
        true = opening.turn == 0 or bool(executor.value(instruction.inputs)[repeat.condition])
        expansion = expand_while(opening, repeat, goes_on=true and opening.turn < repeat.limit)
    if isinstance(expansion, Failure):
        return Raised(opening.name, expansion)
    return Opened(opening.name, ports, expansion)


def _opened(handle: Handle, executor: Executor) -> Handle:
    """Return a list whose items have handles of their own."""
    return handle if handle.items is not None else listed(handle.type, executor.split(handle))
