"""A ready-made workflow makes the same picture wherever its nodes are called."""

from pathlib import Path
from typing import Any

import pytest
import torch

from graphengine.app import Engine, load_settings
from graphengine.diffusion.types.image import Image
from graphengine.run.messages import Event, TaskProgress
from graphengine.workflow.load import load_workflow
from graphengine.workflow.parameters import with_parameters

pytestmark = pytest.mark.torch

WORKFLOW = Path(__file__).parents[2] / "workflows" / "text-to-image.json"


async def picture(folder: Path, **settings: Any) -> tuple[torch.Tensor, list[TaskProgress]]:
    """Return the picture, and what was told while it was made."""
    document = with_parameters(load_workflow(WORKFLOW), {"steps": 3})
    engine = Engine(
        load_settings(packs=["builtin"], disk_cache_bytes=0, gpu_slots=1, cpu_slots=1, io_slots=1, **settings)
    )
    events: list[Event] = []
    result = await engine.start(document, engine.plan(engine.resolve(document)), folder, events.append).result()
    engine.close()
    (image,) = [value for value in result.outputs.values() if isinstance(value, Image)]
    return image.pixels, [event for event in events if isinstance(event, TaskProgress)]


async def test_threads_worker_processes_and_actors_make_the_same_picture(cluster: Any, tmp_path: Path) -> None:
    pixels, progress = await picture(tmp_path, executor="thread")
    assert progress
    for settings in ({"executor": "process"}, {"executor": "ray", "ray_address": cluster.address}):
        same, told = await picture(tmp_path, **settings)
        assert torch.equal(same, pixels)
        assert told == progress
