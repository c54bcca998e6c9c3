"""What the log of a run keeps of stimuli: all that it takes to replay them, and no values."""

from graphengine.run.handle import Handle, Handles
from graphengine.run.messages import LookedUp, Opened, Returned, Stimulus


def without_values(stimulus: Stimulus) -> Stimulus:
    """Return what the log keeps of a stimulus: enough to replay it, and no value that a run has let go of."""
    match stimulus:
        case Returned():
            handles = _hollow(stimulus.handles)
            return Returned(stimulus.task, handles, stimulus.seconds, stimulus.together, stimulus.footprint)
        case LookedUp() if stimulus.handles is not None:
            return LookedUp(stimulus.task, _hollow(stimulus.handles))
        case Opened():
            return Opened(stimulus.task, _hollow(stimulus.ports), stimulus.expansion)
        case _:
            return stimulus


def _hollow(handles: Handles) -> Handles:
    return {name: _shell(handle) for name, handle in handles.items()}


def _shell(handle: Handle) -> Handle:
    items = None if handle.items is None else tuple(map(_shell, handle.items))
    return Handle(None, handle.type, handle.nbytes, items)
