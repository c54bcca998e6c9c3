"""What tests of the command line share."""

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

PACKS = Path(__file__).parent / "packs"

Command = Callable[..., Result]
