"""Where a step of a run stands, and what the machine answers."""

from enum import Enum
from typing import Final

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


# By names of their own, as the machine looks at phases some thirty times for a task: a member of an Enum that is asked
# for by its class takes ten times as long (Python 3.11).
IDLE: Final = Phase.IDLE
LOOKUP: Final = Phase.LOOKUP
WAITING: Final = Phase.WAITING
READY: Final = Phase.READY
RUNNING: Final = Phase.RUNNING
DONE: Final = Phase.DONE
FAILED: Final = Phase.FAILED
SKIPPED: Final = Phase.SKIPPED
UNNEEDED: Final = Phase.UNNEEDED

# Tuples, as looking into one is quicker than hashing a phase.
SETTLED = (DONE, FAILED, SKIPPED, UNNEEDED)
BROKEN = (FAILED, SKIPPED)
IN_FLIGHT = (LOOKUP, READY, RUNNING)
MISSED = (WAITING, READY)  # not in the cache, and not begun


class Reaction:
    """What the machine answers to a stimulus: instructions to obey in order, events to tell."""

    __slots__ = ("events", "instructions")

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.events: list[Event] = []
