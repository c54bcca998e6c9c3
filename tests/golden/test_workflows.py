"""The ready-made workflows resolve, plan and run as they are, on the embedded model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image as Pillow

from graphengine.app import Engine, load_settings
from graphengine.cli.main import main
from graphengine.plan.plan import Task
from graphengine.workflow.load import load_workflow

pytestmark = pytest.mark.torch

FOLDER = Path(__file__).parents[2] / "workflows"
FILES = sorted(FOLDER.glob("*.json"))
PICTURES = [path for path in FILES if "image" in load_workflow(path).outputs]

Report = dict[str, Any]
Run = Callable[..., Report]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(workflow: Path, *arguments: str) -> Report:
        done = CliRunner().invoke(
            main, ["run", str(workflow), "--json", "--no-cache", "--output-dir", str(tmp_path / "out"), *arguments]
        )
        assert done.exit_code == 0, done.output
        report: Report = json.loads(done.stdout)
        return report

    return run


def pixels(path: str) -> NDArray[np.uint8]:
    with Pillow.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load_settings())


def test_there_are_workflows() -> None:
    assert {"text-to-image.json", "image-to-image.json"} <= {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_workflow_resolves_and_plans(engine: Engine, path: Path) -> None:
    document = load_workflow(path)
    plan = engine.plan(engine.resolve(document))
    flowing = {flow.name for task in plan.tasks.values() if isinstance(task, Task) for flow in task.flows}
    named = {name.removesuffix("[]") for name in plan.tasks} | flowing
    assert named == set(document.nodes), "no node is there for nothing"
    assert document.title
    assert document.outputs
    assert set(document.view.nodes) == set(document.nodes), "every node has its place in the editor"


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_workflow_runs_and_its_picture_carries_it(run: Run, path: Path) -> None:
    quick = ["--set", "steps=4"] if "steps" in load_workflow(path).inputs else []
    report = run(path, *quick)
    (picture,) = report["outputs"]["image"]["paths"]
    assert min(pixels(picture).shape[:2]) >= 128
    assert load_workflow(Path(picture)).nodes.keys() == load_workflow(path).nodes.keys()


def test_the_same_prompt_and_seed_make_the_same_pixels_and_another_seed_does_not(run: Run) -> None:
    path = FOLDER / "text-to-image.json"
    same = ["--set", "prompt=a red circle on a blue background", "--set", "steps=6"]
    first, second, other = (
        pixels(run(path, *same, "--set", f"seed={seed}")["outputs"]["image"]["paths"][0]) for seed in (7, 7, 8)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_a_saved_picture_is_a_workflow_that_makes_it_again(run: Run) -> None:
    first = run(
        FOLDER / "text-to-image.json", "--set", "prompt=a green square on a white background", "--set", "steps=4"
    )
    (picture,) = first["outputs"]["image"]["paths"]
    (again,) = run(Path(picture))["outputs"]["image"]["paths"]
    assert picture != again
    assert np.array_equal(pixels(picture), pixels(again))


def test_a_missing_model_is_a_problem_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["run", str(FOLDER / "text-to-image.json"), "--set", "model.source=builtin:shapez-128"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert "[file_not_found] Did you mean 'shapes-128'?" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../up", "{nope}", "/etc/x"])
def test_a_wrong_name_pattern_is_found_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["run", str(FOLDER / "text-to-image.json"), "--set", f"save.name={name}"])
    assert (done.exit_code, "save.name: the name pattern" in done.stderr) == (2, True), done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["nan", "1e9", "-1"])
def test_a_guidance_scale_out_of_range_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["run", str(FOLDER / "text-to-image.json"), "--set", f"cfg={value}"])
    assert (done.exit_code, "sample.cfg" in done.stderr) == (2, True)
