"""What memory the system gives this process."""

import os
from contextlib import suppress
from pathlib import Path

_GROUPS = (  # where a container says what its processes may take together, of both generations of Linux
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.swap.max")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), None),
)


def host_memory() -> int | None:
    """Return the bytes of memory that this process can have, swap included; None if the system does not tell."""
    told = {}
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            name, _, rest = line.partition(":")
            told[name] = int(rest.split()[0]) * 1024
    memory, swap = told.get("MemTotal"), told.get("SwapTotal", 0)
    if memory is None:
        with suppress(OSError, ValueError):
            memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if memory is None:
        return None
    for limit, more in _GROUPS:
        memory = min(memory, _read(limit, memory))
        swap = swap if more is None else min(swap, _read(more, swap))
    return memory + swap


def _read(path: Path, otherwise: int) -> int:
    """Return the number in a file; ``otherwise`` where there is none, or no limit."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return otherwise
