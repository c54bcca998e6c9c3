"""R4: the event stream goes on without a gap and without a double, whatever breaks.

``GRAPHENGINE_TRIALS`` scales it; at 50, what ``make fault`` sets, it is 500 disconnects and 20 restarts over 50,000
events.
"""

import asyncio
import os
import random
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path

import pytest
from stores import submission
from streaming import Service, settled

from graphengine.client import Client, Disconnected
from graphengine.errors import StoreUnavailable
from graphengine.server.messages import Event, Resync

TRIALS = int(os.environ.get("GRAPHENGINE_TRIALS", "2"))
DISCONNECTS = 10 * TRIALS
RESTARTS = max(1, 2 * TRIALS // 5)
EVENTS = 1_000 * TRIALS
BLOCK = 50


async def followed(client: Client, events: list[Event | Resync], enough: asyncio.Event) -> None:
    with suppress(Disconnected):
        async with aclosing(client.events(of="all", since=0, live=False)) as updates:
            async for update in updates:
                assert isinstance(update, Event | Resync)
                events.append(update)
                if isinstance(update, Event) and update.seq >= EVENTS:
                    enough.set()


async def fed(service: Service) -> None:
    """Log events, in blocks, until there are enough; a block that a restart hits is done again."""
    block = 0
    while service.store.events.last < EVENTS:
        ids = [f"b{block}-{index}" for index in range(BLOCK)]
        try:
            await asyncio.gather(*(service.store.queue.submit(submission(id_)) for id_ in ids))
            await asyncio.gather(*(service.store.queue.cancel(id_) for id_ in ids))
            block += 1
        except StoreUnavailable:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)


async def broken(service: Service, chance: random.Random, cut: list[int]) -> None:
    """Cut connections at random moments, spread over the events, and restart now and then."""
    faults = ["restart"] * RESTARTS + ["disconnect"] * DISCONNECTS
    chance.shuffle(faults)
    for number, fault in enumerate(faults):
        due = EVENTS * number / len(faults)
        while service.store.events.last < due or not service.connections:
            await asyncio.sleep(0.001)
        await asyncio.sleep(chance.random() * 0.01)
        if fault == "restart":
            await service.restart()
        else:
            cut.append(service.disconnect())


# a connection that asyncio accepts while its server closes (Python 3.11: Server._attach) is left to the collector
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
async def test_every_event_is_told_once_over_disconnects_and_restarts(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    service = Service(tmp_path / "data")
    service.works = False
    await service.start()
    clients = [Client(service.url, patience=60) for _ in range(3)]
    for client in clients:
        await client.__aenter__()
    told: list[list[Event | Resync]] = [[] for _ in clients]
    enough = [asyncio.Event() for _ in clients]
    readers = [asyncio.create_task(followed(*each)) for each in zip(clients, told, enough, strict=True)]
    cut: list[int] = []
    await asyncio.gather(fed(service), broken(service, random.Random(4), cut))
    async with asyncio.timeout(60):
        await asyncio.gather(*(each.wait() for each in enough))
    last = service.store.events.last
    for client, reader, events in zip(clients, readers, told, strict=True):
        await settled(lambda events=events: len(events) >= last)  # type: ignore[misc]
        await client.__aexit__(None, None, None)
        await reader
        assert [event.seq for event in events] == list(range(1, last + 1))
        assert {event.epoch for event in events} == {service.hub.log.epoch}
    await service.stop()
    figure(f"R4: {last:,} events, {sum(cut)} cut connections, {RESTARTS} restarts, 3 clients: each event once")
