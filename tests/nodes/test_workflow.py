"""The plain nodes in the engine: from a file to a file, through cache, lanes and conversions."""

import json
from pathlib import Path
from typing import Any

import pytest
from documents import Nodes, link, workflow
from PIL import Image as Pil

from graphengine.app import Engine, load_settings
from graphengine.errors import SettingsRefused, WorkflowError
from graphengine.files.origin import WORKFLOW
from graphengine.files.picture import png_texts
from graphengine.run.messages import Event, TaskOutput
from nodes import PACK

pytestmark = pytest.mark.torch


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    (tmp_path / "inputs").mkdir()
    Pil.new("RGB", (8, 6), (200, 100, 50)).save(tmp_path / "inputs" / "ochre.png")
    return Engine(load_settings(input_folders=[tmp_path / "inputs"]), packs=(PACK,))


NODES: Nodes = {
    "load": ["image.load", {"file": "ochre.png"}],
    "size": ["image.size", {"image": link("load.image")}],
    "double": ["math.int_arithmetic", {"a": link("size.width"), "b": 2, "operation": "multiply"}],
    "resize": ["image.resize", {"image": link("load.image"), "width": link("double.value"), "height": 12}],
    "save": ["image.save", {"image": link("resize.image")}],
}


async def test_from_a_file_to_a_file(engine: Engine, tmp_path: Path) -> None:
    document = workflow(NODES, title="ochre")
    events: list[Event] = []
    plan = engine.plan(engine.resolve(document))
    await engine.start(document, plan, tmp_path / "outputs", events.append).result()
    engine.close()
    (output,) = [event for event in events if isinstance(event, TaskOutput)]
    assert output.file.path == tmp_path / "outputs" / "ochre_00001.png"
    with Pil.open(output.file.path) as picture:
        assert picture.size == (16, 12)
        assert picture.getextrema() == ((200, 200), (100, 100), (50, 50))
    assert json.loads(png_texts(output.file.path).get(WORKFLOW) or "") == document.to_json()


@pytest.mark.parametrize(
    ("node", "changes"),
    [
        ("resize", {"width": 0}),
        ("resize", {"method": "magic"}),
        ("save", {"quality": 101}),
        ("double", {"b": 1.5}),
        ("load", {"file": "../ochre.png"}),
    ],
)
def test_a_wrong_value_is_a_problem_at_its_place(engine: Engine, node: str, changes: dict[str, Any]) -> None:
    kind, inputs = NODES[node]
    with pytest.raises(WorkflowError) as caught:
        engine.resolve(workflow({**NODES, node: [kind, {**inputs, **changes}]}))
    (problem,) = caught.value.problems
    assert problem.place == f"{node}.{next(iter(changes))}"


def test_a_device_that_is_not_there_is_refused_before_the_run() -> None:
    engine = Engine(load_settings(device="gpu7"), packs=(PACK,))
    graph = engine.resolve(workflow({"a": ["math.int_arithmetic", {"a": 1, "b": 1}]}))
    with pytest.raises(SettingsRefused, match="no device 'gpu7'"):
        engine.plan(graph)
