"""How much the service takes before it refuses or forgets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the store.

    Attributes:
        queued: jobs that may wait; one more is refused.
        batch: jobs of one batch.
        history: jobs that are over and still remembered.
        events: entries of the log that are remembered.
        attempts: attempts that may end without a word; after that a job has failed.
        overtakes: how often the first job of an owner may be overtaken by one whose models are loaded.
        lease_seconds: how long a worker may be silent.
    """

    queued: int = 10_000
    batch: int = 1_000
    history: int = 100_000
    events: int = 300_000
    attempts: int = 2
    overtakes: int = 8
    lease_seconds: float = 60.0
