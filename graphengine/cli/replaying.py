"""What it takes to make something again, whether a file tells of it or a job."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graphengine.cli.console import print_line
from graphengine.files.compare import Comparison
from graphengine.plan.differences import Difference
from graphengine.plan.lock import Lock


def afresh(lock: Lock) -> Mapping[str, Any]:
    """Return settings with which all is made as it was, and nothing comes from what was kept."""
    found = lock.get("settings")
    named = found if isinstance(found, dict) else {}
    return {"memory_cache_bytes": 0, "disk_cache_bytes": 0, "coalesce": bool(named.get("coalesce"))}


@contextmanager
def kept_in(out: Path | None) -> Iterator[Path]:
    """Give the folder ``out``, or one that goes afterwards."""
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="graphengine-") as folder:
        yield Path(folder)


def apart(comparison: Comparison) -> str:
    """Say in what two files differ."""
    values = f"{comparison.differing:,} of {comparison.values:,} values differ, by at most {comparison.largest}"
    return comparison.problem or values


def tell_otherwise(otherwise: Sequence[Difference]) -> None:
    """Say why something is not the same, as far as locks tell."""
    for each in otherwise:
        print_line(f"  {each}")
    if not otherwise:
        print_line("  All that its lock names is as it was: the file was changed since, or chance had a part.")
