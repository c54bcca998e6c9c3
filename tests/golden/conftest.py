"""What the golden tests share: an engine that keeps models and results, and runs ready-made workflows."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from graphengine.app import Engine, load_settings
from graphengine.workflow.load import load_workflow
from graphengine.workflow.parameters import with_parameters
from graphengine.workflow.parse import workflow_from

FOLDER = Path(__file__).parents[2] / "workflows"

Make = Callable[..., Mapping[str, Any]]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder from which workflows take files."""
    return tmp_path_factory.mktemp("inputs")


@pytest.fixture(scope="module")
def make(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Run a workflow with values for its inputs; return the values of its outputs.

    ``look`` names sockets within it whose values are returned too.
    """
    folder = tmp_path_factory.mktemp("made")
    engine = Engine(
        load_settings(data_dir=folder / "data", packs=["builtin"], input_folders=[inputs], disk_cache_bytes=0)
    )

    def run(name: str, /, *, look: Mapping[str, str] | None = None, **values: Any) -> Mapping[str, Any]:
        document = with_parameters(load_workflow(FOLDER / f"{name}.json"), values)
        content = document.to_json()
        content["outputs"] |= {each: {"from": place} for each, place in (look or {}).items()}
        document = workflow_from(content)
        plan = engine.plan(engine.resolve(document))

        async def result() -> Mapping[str, Any]:
            done = await engine.start(document, plan, folder / "out", lambda event: None).result()
            assert done.status == "done", done
            return done.outputs

        return asyncio.run(result())

    yield run
    engine.close()
