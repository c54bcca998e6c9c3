"""The disk tier in several processes at a time, and in processes that are killed."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from tiers import disk_tier

from graphengine.files.atomic import is_leftover
from graphengine.node.registry import Registry
from graphengine.run.cache.entry import read

SCRIPT = Path(__file__).parents[1] / "disk_process.py"
KILLS = 5


def start(act: str, folder: Path, number: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), act, str(folder), str(number)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_share_a_folder_and_evict_under_each_other(registry: Registry, tmp_path: Path) -> None:
    running = [start("share", tmp_path, number) for number in range(2)]
    for process in running:
        told, faults = process.communicate(timeout=60)
        assert (process.returncode, faults) == (0, "")
        assert int(told) > 0, "they found something"
    tier = disk_tier(registry, tmp_path)
    assert tier.folder.usage().nbytes <= 100_000 * (1 + 2 / 16), "the budget, and a sixteenth for each process"
    tier.close()


def test_a_kill_leaves_only_whole_entries(registry: Registry, tmp_path: Path) -> None:
    chance = random.Random(3)
    told = 0
    for round_ in range(KILLS):
        with start("fill", tmp_path, round_ * 10**6) as process:
            assert _line(process.stdout) == round_ * 10**6
            time.sleep(chance.uniform(0, 0.05))
            process.kill()
            told += 1 + len(process.communicate()[0].splitlines())
    entries = [path for path in tmp_path.rglob("*") if path.is_file() and not is_leftover(path)]
    for path in entries:
        with path.open("rb") as file:
            assert [output.name for output in read(file, path.name)] == ["value", "blobs"]
    assert len(entries) >= told, "what was told to be kept is there"


def _line(stream: IO[str] | None) -> int:
    assert stream is not None
    return int(stream.readline())
