"""A disk of its own that can be filled: a file system in memory, of a size, mounted for a test."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


class SmallDisk:
    """A mounted file system, and a ballast that fills it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, free: int = 0) -> None:
        """Leave as many bytes as told."""
        with self._ballast.open("ab") as file, suppress(OSError):
            while (room := shutil.disk_usage(self.folder).free - free) > 0:
                file.write(bytes(min(room, 2**20)))
                file.flush()

    def empty(self) -> None:
        """Make room again."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[SmallDisk]:
    """Mount a small file system; where that is not allowed, the test is skipped."""
    folder.mkdir(parents=True)
    if os.geteuid() != 0 or _run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)):
        pytest.skip("a disk can only be mounted by root, where the container allows it")
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "--lazy", str(folder))


def _run(*command: str) -> int:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
