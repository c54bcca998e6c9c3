"""Where a step of a run stands, and what the machine answers."""

from enum import Enum

from graphengine.run.messages import Event, Instruction


class Phase(Enum):
    """Where a task stands. The last four are final: the task is *settled*."""

    IDLE = "idle"  # nobody has asked for it
    LOOKUP = "lookup"  # the cache is being asked
    WAITING = "waiting"  # for what it needs
    READY = "ready"  # and queued for a slot of its lane
    RUNNING = "running"  # or, an opening, being opened
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"  # something it needs failed
    UNNEEDED = "unneeded"  # everything that could have asked for it is settled


# Tuples, as looking into one is quicker than hashing a phase.
SETTLED = (Phase.DONE, Phase.FAILED, Phase.SKIPPED, Phase.UNNEEDED)
BROKEN = (Phase.FAILED, Phase.SKIPPED)
IN_FLIGHT = (Phase.LOOKUP, Phase.READY, Phase.RUNNING)
MISSED = (Phase.WAITING, Phase.READY)  # not in the cache, and not begun


class Reaction:
    """What the machine answers to a stimulus: instructions to obey in order, events to tell."""

    __slots__ = ("events", "instructions")

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.events: list[Event] = []
