"""The built-in pack as data: every node, and every workflow that comes with the program."""

from pathlib import Path

import pytest
from twins import differences, outcome, written

from graphengine.app import Engine, load_settings
from graphengine.node.registry import Registry
from graphengine.workflow.load import load_workflow

pytestmark = pytest.mark.torch

FILES = sorted((Path(__file__).parents[2] / "workflows").glob("*.json"))


@pytest.fixture(scope="module")
def live() -> Registry:
    return Engine(load_settings()).registry


def test_both_say_the_same_of_every_node_type_and_value(live: Registry) -> None:
    assert differences(live, written(live)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_both_prove_and_plan_a_workflow_the_same(live: Registry, path: Path) -> None:
    document = load_workflow(path)
    found = outcome(document, live, path.parent)
    assert isinstance(found, dict), found
    assert outcome(document, written(live), path.parent) == found
