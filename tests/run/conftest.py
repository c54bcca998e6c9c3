"""What the tests of runs share."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from running import Execute, Ran

from graphengine.app import Engine
from graphengine.run.messages import Event
from graphengine.workflow.document import Workflow


@pytest.fixture
def run(engine: Engine, tmp_path: Path) -> Execute:
    def execute(document: Workflow, *targets: str, **options: Any) -> Ran:
        plan = engine.plan(engine.resolve(document), targets or None)
        events: list[Event] = []

        async def go() -> Ran:
            result = await engine.start(document, plan, tmp_path / "out", events.append, **options).result()
            return Ran(result.status, dict(result.outputs), events)

        return asyncio.run(go())

    return execute
