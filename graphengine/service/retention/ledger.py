"""For how long each file has been unnamed: in a file of its own, so that it outlives the service."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from graphengine.files.atomic import write_atomically

MOST_STEP: Final = 86_400.0
"""The seconds by which anything ages between two looks at most: a clock that jumps, or a long rest, costs no file."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """How old what nobody names is, in seconds, as of the wall-clock time ``when``."""

    when: float = 0.0
    ages: Mapping[str, float] = field(default_factory=dict)

    def grown(self, unnamed: Iterable[str], now: float) -> "Ledger":
        """Return the ledger of a later time; what is named again, or gone, is left out."""
        step = min(max(now - self.when, 0.0), MOST_STEP)
        return Ledger(now, {each: self.ages[each] + step if each in self.ages else 0.0 for each in unnamed})


def load_ledger(path: Path) -> Ledger:
    """Return the ledger in a file; one that cannot be read counts as none, and everything is young again."""
    try:
        content = json.loads(path.read_bytes())
        return Ledger(float(content["when"]), {str(name): float(age) for name, age in content["ages"].items()})
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return Ledger()


def save_ledger(path: Path, ledger: Ledger) -> None:
    """Write a ledger.

    Raises:
        OSError: it cannot be written.
    """
    write_atomically(path, json.dumps({"when": ledger.when, "ages": dict(ledger.ages)}).encode())
