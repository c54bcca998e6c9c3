"""A service of its own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from streaming import Service


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(tmp_path / "data")
    await service.start()
    yield service
    await service.stop()
