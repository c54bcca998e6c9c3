"""A ready-made workflow makes the same picture wherever its nodes are called."""

from pathlib import Path

import pytest
import torch

from graphengine.app import Engine, load_settings
from graphengine.diffusion.types.image import Image
from graphengine.run.messages import Event, TaskProgress
from graphengine.workflow.load import load_workflow
from graphengine.workflow.parameters import with_parameters

pytestmark = pytest.mark.torch

WORKFLOW = Path(__file__).parents[2] / "workflows" / "text-to-image.json"


async def test_threads_and_worker_processes_make_the_same_picture(tmp_path: Path) -> None:
    document = with_parameters(load_workflow(WORKFLOW), {"steps": 3})
    made, progress = [], []
    for executor in ("thread", "process"):
        engine = Engine(
            load_settings(
                executor=executor, packs=["builtin"], disk_cache_bytes=0, gpu_slots=1, cpu_slots=1, io_slots=1
            )
        )
        events: list[Event] = []
        plan = engine.plan(engine.resolve(document))
        result = await engine.start(document, plan, tmp_path / executor, events.append).result()
        engine.close()
        (image,) = [value for value in result.outputs.values() if isinstance(value, Image)]
        made.append(image.pixels)
        progress.append([event for event in events if isinstance(event, TaskProgress)])
    assert torch.equal(*made)
    assert progress[0] == progress[1] != []
