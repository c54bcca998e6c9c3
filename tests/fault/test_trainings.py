"""A training that is killed goes on: in the end the weights are, to the bit, those of an undisturbed one."""

import os
import random
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from faults import TRIALS, Figure
from safetensors.torch import load_file
from torch import Tensor

pytestmark = pytest.mark.torch

WORKFLOWS = Path(__file__).parents[2] / "workflows"
KILLS = max(1, TRIALS // 10)


@dataclass(frozen=True)
class Case:
    """A workflow that trains, with inputs that make it quick; a training offers its state after each step."""

    name: str
    steps: int
    inputs: Mapping[str, int]
    seconds: float


CASES = (
    Case("train-upscaler", 60 * KILLS, {}, 0.2),
    Case("train-text-to-image", 12 * KILLS, {"size": 32, "pictures": 16, "batch": 2, "count": 1}, 0.5),
)


def begin(case: Case, folder: Path) -> subprocess.Popen[str]:
    given = [f"{name}={value}" for name, value in {"steps": case.steps, **case.inputs}.items()]
    command = [sys.executable, "-m", "graphengine", "run", str(WORKFLOWS / f"{case.name}.json")]
    told = {"GRAPHENGINE_DATA_DIR": str(folder / "data"), "GRAPHENGINE_CHECKPOINT_SECONDS": str(case.seconds)}
    return subprocess.Popen(
        [*command, *(word for each in given for word in ("--set", each)), "--output-dir", str(folder / "output")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **told},
    )


def steps_of(process: subprocess.Popen[str], last: int, of: int) -> list[int]:
    """Follow a run up to a step of its training, and return the steps that were told."""
    found: list[int] = []
    assert process.stdout is not None
    for line in process.stdout:
        step = re.search(rf"train: (\d+)/{of}", line)
        if step is not None:
            found.append(int(step[1]))
            if found[-1] >= last:
                break
    return found


def weights_in(folder: Path) -> Mapping[str, Tensor]:
    (path,) = (folder / "output").glob("*.safetensors")
    return load_file(path)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_killed_training_ends_in_the_weights_of_an_undisturbed_one(
    tmp_path: Path, figure: Figure, case: Case
) -> None:
    whole = begin(case, tmp_path / "whole")
    whole.communicate()
    assert whole.returncode == 0
    chance, apart = random.Random(6), case.steps // KILLS
    resumed = []
    for _ in range(KILLS):
        process = begin(case, tmp_path / "parts")
        wanted = (resumed[-1] if resumed else 0) + chance.randint(apart // 6, apart - apart // 12)
        told = steps_of(process, wanted, case.steps)
        resumed.append(told[-1])
        process.kill()
        process.communicate()
        assert not list((tmp_path / "parts" / "output").glob("*")), "nothing is saved before its end"
    last = begin(case, tmp_path / "parts")
    first = steps_of(last, 1, case.steps)[0]
    last.communicate()
    assert last.returncode == 0
    assert first > 1, "it went on, and did not start over"
    one, other = weights_in(tmp_path / "whole"), weights_in(tmp_path / "parts")
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    figure(f"{case.name}: {case.steps} steps killed at {resumed} went on at {first}, and ended in the same weights")
