"""The client against a service on loopback: jobs, events, and connections that break."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stores import DOCUMENT
from streaming import Service

from graphengine.client import Client, Disconnected, JobEnded, Refused
from graphengine.server.messages import Event, Preview, Progress


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(tmp_path / "data")
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[Client]:
    async with Client(service.url, patience=5) as client:
        yield client


async def test_a_run_is_followed_from_its_queue_to_its_end(client: Client) -> None:
    updates = [update async for update in client.run(DOCUMENT, steps=4, pause=0.06)]
    kinds = [update.kind for update in updates if isinstance(update, Event)]
    assert kinds == ["queued", "started", "task_started", "task_finished", "finished"]
    assert any(isinstance(update, Progress) for update in updates)
    previews = [update for update in updates if isinstance(update, Preview)]
    assert previews[0].data == b"\xff\xd8picture"
