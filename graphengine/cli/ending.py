"""How a command ends, and how it speaks to people: what is needed before anything else is loaded."""

import sys
from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    FAILED = 1
    WRONG = 2  # the workflow or the arguments
    INTERRUPTED = 130


def say(text: str) -> None:
    """Print a line for people, on standard error."""
    print(text, file=sys.stderr, flush=True)
