import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graphengine.files.atomic import atomic_writer, write_atomically

WRITER = """
import sys
from pathlib import Path
from graphengine.files.atomic import atomic_writer
target = Path(sys.argv[1])
print("ready", flush=True)
while True:
    with atomic_writer(target) as file:
        for _ in range(64):
            file.write(b"x" * 65536)
            file.flush()
"""


def test_a_file_is_whole_or_absent_after_a_kill(tmp_path: Path) -> None:
    """20 SIGKILLs at different moments of a write of 4 MiB."""
    target = tmp_path / "result.bin"
    for trial in range(20):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(0.002 * trial)
            writer.send_signal(signal.SIGKILL)
        assert not target.exists() or target.stat().st_size == 64 * 65536


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "result.bin"
    target.write_bytes(b"old")
    with pytest.raises(OSError, match="full"), atomic_writer(target) as file:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "the disk is full")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["result.bin"]  # noqa: PTH208


def test_without_overwrite_the_first_wins(tmp_path: Path) -> None:
    target = tmp_path / "result.bin"
    write_atomically(target, b"first", overwrite=False)
    with pytest.raises(FileExistsError):
        write_atomically(target, b"second", overwrite=False)
    assert target.read_bytes() == b"first"
    assert len(list(tmp_path.iterdir())) == 1
