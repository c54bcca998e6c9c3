"""The pictures of a workflow, made alone or together, are the same wherever its nodes are called."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from graphengine.app import Engine, load_settings
from graphengine.diffusion.types.image import Image
from graphengine.run.messages import Event, TaskOutput, TaskProgress
from graphengine.run.runner import RunResult
from graphengine.workflow.load import load_workflow
from graphengine.workflow.parameters import with_parameters

pytestmark = pytest.mark.torch

WORKFLOWS = Path(__file__).parents[2] / "workflows"


@dataclass(frozen=True)
class Made:
    """What a place where nodes are called made.

    Attributes:
        image: a picture that was made alone.
        progress: what was told meanwhile.
        sheet: the file of several pictures that were made together.
        together: how many were, by task.
    """

    image: Image
    progress: list[TaskProgress]
    sheet: bytes
    together: Mapping[str, int]


async def made(folder: Path, **settings: Any) -> Made:
    base = {"packs": ["builtin"], "disk_cache_bytes": 0, "gpu_slots": 1, "cpu_slots": 1, "io_slots": 1}
    alone, joining = (Engine(load_settings(**base, **settings, coalesce=each)) for each in (False, True))
    vars(joining)["executor"] = alone.executor
    one, progress = await run(alone, "text-to-image.json", folder)
    several, told = await run(joining, "prompts-by-seeds.json", folder)
    alone.close()
    (image,) = [value for value in one.outputs.values() if isinstance(value, Image)]
    (file,) = [event.file for event in told if isinstance(event, TaskOutput)]
    steps = [event for event in progress if isinstance(event, TaskProgress)]
    return Made(image, steps, file.path.read_bytes(), several.together)


async def run(engine: Engine, name: str, folder: Path) -> tuple[RunResult, list[Event]]:
    document = with_parameters(load_workflow(WORKFLOWS / name), {"steps": 3})
    events: list[Event] = []
    result = await engine.start(document, engine.plan(engine.resolve(document)), folder, events.append).result()
    return result, events


async def test_threads_worker_processes_and_actors_make_the_same_pictures(cluster: Any, tmp_path: Path) -> None:
    expected = await made(tmp_path, executor="thread")
    assert expected.progress
    assert max(expected.together.values()) > 1
    for settings in ({"executor": "process"}, {"executor": "ray", "ray_address": cluster.address}):
        found = await made(tmp_path, **settings)
        assert torch.equal(found.image.pixels, expected.image.pixels)
        assert replace(found, image=expected.image) == expected
