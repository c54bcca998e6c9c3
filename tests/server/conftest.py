"""A server of its own for each test, with the plain pack."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from servers import Client, serving
from streaming import Service

from graphengine.app import Engine


@pytest.fixture
async def client(engine: Engine, data_dir: Path) -> AsyncIterator[Client]:
    async with serving(engine, data_dir) as client:
        yield client


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(tmp_path / "data")
    await service.start()
    yield service
    await service.stop()
