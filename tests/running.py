"""What comes of a run, for a test to look at."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphengine.run.messages import Event, TaskStarted


@dataclass
class Ran:
    """What came of a run."""

    status: str
    outputs: dict[str, Any]
    events: list[Event] = field(default_factory=list)

    @property
    def started(self) -> list[str]:
        return [event.task for event in self.events if isinstance(event, TaskStarted)]


Execute = Callable[..., Ran]


def outputs(*addresses: str) -> dict[str, Any]:
    return {address.replace(".", "_"): {"from": address} for address in addresses}
