"""A training that is killed goes on: in the end the weights are, to the bit, those of an undisturbed one."""

import os
import random
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from faults import TRIALS, Figure
from safetensors.torch import load_file
from torch import Tensor

pytestmark = pytest.mark.torch

WORKFLOW = Path(__file__).parents[2] / "workflows" / "train-upscaler.json"
STEPS = 60 * max(1, TRIALS // 10)
KILLS = max(1, TRIALS // 10)


def begin(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "graphengine", "run", str(WORKFLOW), "--set", f"steps={STEPS}"]
    told = {"GRAPHENGINE_DATA_DIR": str(folder / "data"), "GRAPHENGINE_CHECKPOINT_SECONDS": "0.2"}
    return subprocess.Popen(
        [*command, "--output-dir", str(folder / "output")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **told},
    )


def steps_of(process: subprocess.Popen[str], last: int) -> list[int]:
    """Follow a run up to a step of its training, and return the steps that were told."""
    found: list[int] = []
    assert process.stdout is not None
    for line in process.stdout:
        step = re.search(rf"train: (\d+)/{STEPS}", line)
        if step is not None:
            found.append(int(step[1]))
            if found[-1] >= last:
                break
    return found


def weights_in(folder: Path) -> Mapping[str, Tensor]:
    (path,) = (folder / "output").glob("*.safetensors")
    return load_file(path)


def test_a_killed_training_ends_in_the_weights_of_an_undisturbed_one(tmp_path: Path, figure: Figure) -> None:
    whole = begin(tmp_path / "whole")
    whole.communicate()
    assert whole.returncode == 0
    chance = random.Random(6)
    resumed = []
    for _ in range(KILLS):
        process = begin(tmp_path / "parts")
        told = steps_of(process, (resumed[-1] if resumed else 0) + chance.randint(10, STEPS // KILLS - 5))
        resumed.append(told[-1])
        process.kill()
        process.communicate()
        assert not list((tmp_path / "parts" / "output").glob("*")), "nothing is saved before its end"
    last = begin(tmp_path / "parts")
    first = steps_of(last, 1)[0]
    last.communicate()
    assert last.returncode == 0
    assert first > 5, "it went on, and did not start over"
    one, other = weights_in(tmp_path / "whole"), weights_in(tmp_path / "parts")
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    figure(f"a training of {STEPS} steps killed at {resumed} went on at {first}, and ended in the same weights")
