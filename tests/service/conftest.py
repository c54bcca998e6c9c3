"""A store of its own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stores import Hands, assert_counts

from graphengine.service.limits import Limits
from graphengine.service.store import Store


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def limits() -> Limits:
    return Limits(queued=200, batch=50, history=100, overtakes=3)


@pytest.fixture
async def store(tmp_path: Path, hands: Hands, limits: Limits) -> AsyncIterator[Store]:
    """A store with small limits; after the test its counts must be true and its file whole."""
    store = await Store.open(tmp_path / "data", limits, hands.clock)
    yield store
    await assert_counts(store)
    assert await store.database.verify() == []
    await store.close()
