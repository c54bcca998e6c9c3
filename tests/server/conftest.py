"""A server of its own for each test, with the plain pack."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from faults import TRIALS, loop_lag, served
from servers import Client, serving
from streaming import Service

from graphengine.app import Engine


@pytest.fixture
async def client(
    engine: Engine, data_dir: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Client]:
    """At 50 trials the server has a process of its own, whose loop must never have been held up (R24).

    Tests marked ``inside`` change the server's code while it runs, and have it in their own process.
    """
    if TRIALS < 50 or request.node.get_closest_marker("inside"):
        async with serving(engine, data_dir) as client:
            yield client
        return
    folders = {f"GRAPHENGINE_{kind}_FOLDERS": str(tmp_path / f"{kind.lower()}s") for kind in ("INPUT", "MODEL")}
    async with served(data_dir, **folders) as (_, client):
        yield client
        assert await loop_lag(client) <= 0.2, "0.1 s is promised to who has the machine alone"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(tmp_path / "data")
    await service.start()
    yield service
    await service.stop()
