"""Running the workflows that come with the program, and looking at what is inside of them."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from graphengine.app import Engine
from graphengine.workflow.load import load_workflow
from graphengine.workflow.parameters import with_parameters
from graphengine.workflow.parse import workflow_from

FOLDER = Path(__file__).parents[1] / "workflows"

Make = Callable[..., Mapping[str, Any]]
"""Runs a ready-made workflow by its name."""


def run_ready(
    engine: Engine, folder: Path, name: str, /, *, look: Mapping[str, str] | None = None, **values: Any
) -> Mapping[str, Any]:
    """Run a workflow with values for its inputs; return the values of its outputs.

    ``look`` names sockets within it whose values are returned too.
    """
    content = with_parameters(load_workflow(FOLDER / f"{name}.json"), values).to_json()
    content["outputs"] |= {each: {"from": place} for each, place in (look or {}).items()}
    document = workflow_from(content)
    plan = engine.plan(engine.resolve(document))

    async def outputs() -> Mapping[str, Any]:
        done = await engine.start(document, plan, folder, lambda event: None).result()
        assert done.status == "done", done
        return done.outputs

    return asyncio.run(outputs())
