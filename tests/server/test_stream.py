"""What a client is told: each entry once and in order, the newest of what is live, one resync where some are lost."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from stores import submission
from streaming import Service, connected

from graphengine.node.context import Preview
from graphengine.run.messages import TaskPreview, TaskProgress, TaskSpan
from graphengine.server import hub as hub_module
from graphengine.server.hub import HubLimits
from graphengine.server.messages import JSON, MSGPACK
from graphengine.server.shared import Shared
from graphengine.service.limits import Limits


@pytest.fixture
async def quiet(tmp_path: Path) -> AsyncIterator[Service]:
    """A service in which nothing happens by itself."""
    service = Service(tmp_path / "data")
    service.works = False
    await service.start()
    yield service
    await service.stop()


async def submit(service: Service, *ids: str, owner: str = "ann") -> list[int]:
    """Queue jobs beside every client, and return the numbers of their entries."""
    return [(await service.store.queue.submit(submission(id_, owner))).job.seq for id_ in ids]


def seqs(told: list[dict[str, Any]]) -> list[int]:
    return [each["seq"] for each in told if each["type"] == "event"]


async def test_hello_says_where_the_log_is(quiet: Service) -> None:
    await submit(quiet, "a", "b")
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{quiet.url}/api/ws", protocols=[JSON]) as socket:
        hello = await socket.receive_json()
    assert (hello["type"], hello["epoch"], hello["seq"], hello["owner"]) == ("hello", quiet.hub.log.epoch, 2, "ann")


async def test_since_replays_in_order_and_goes_on(quiet: Service) -> None:
    numbers = await submit(quiet, *(f"j{index}" for index in range(450)))  # more than two pages
    async with connected(quiet) as raw:
        await raw.ask("subscribe", "s", to="all", since=numbers[9], epoch=quiet.hub.log.epoch)
        numbers += await submit(quiet, "last")
        assert seqs(await raw.until("queued", "last")) == numbers[10:]


async def test_without_since_it_begins_now(quiet: Service) -> None:
    await submit(quiet, "before")
    async with connected(quiet) as raw:
        assert (await raw.ask("subscribe", "s"))["result"]["seq"] == 1
        await submit(quiet, "after")
        assert seqs(await raw.until("queued", "after")) == [2]


async def test_each_gets_what_it_asked_for(quiet: Service) -> None:
    async with connected(quiet, "ann") as own, connected(quiet, "eve") as one, connected(quiet, "eve") as everything:
        await own.ask("subscribe", to="own")
        await one.ask("subscribe", to="job", job="b")
        await everything.ask("subscribe", to="all")
        await submit(quiet, "a")
        await submit(quiet, "b", owner="bob")
        await quiet.store.queue.pause()
        told = await everything.until("paused", "")
        assert [each["job"] for each in told] == ["a", "b", ""]
        assert [each["job"] for each in await own.until("paused", "")] == ["a", ""]
        await quiet.store.queue.cancel("b")
        assert [each["kind"] for each in await one.until("finished", "b")] == ["queued", "finished"]


async def test_overlapping_subscriptions_are_told_once_and_catch_up_after_their_reply(quiet: Service) -> None:
    numbers = await submit(quiet, "a", "b", "c")
    async with connected(quiet) as raw:
        await raw.ask("subscribe", "all", to="all", since=0)
        assert seqs([await raw.told() for _ in numbers]) == numbers
        reply = await raw.ask("subscribe", "b", to="job", job="b", since=0)
        assert reply["result"]["seq"] == 0
        assert seqs([await raw.told()]) == [numbers[1]]
        await quiet.store.queue.cancel("b")
        await submit(quiet, "d")
        assert Counter(seqs(await raw.until("queued", "d"))) == Counter([4, 5])
        await raw.ask("unsubscribe", subscription="all")
        await submit(quiet, "e")
        await quiet.store.queue.retry("b")
        assert [each["job"] for each in await raw.until("queued", "b")] == ["b"]


async def test_a_client_that_idled_through_much_gets_all_of_what_it_then_wants(quiet: Service) -> None:
    async with connected(quiet, "idle") as raw:
        await raw.ask("subscribe", to="own")
        await submit(quiet, *(f"j{index}" for index in range(300)))
        await submit(quiet, "mine", owner="idle")
        assert seqs([await raw.told()]) == [301]
        await submit(quiet, "more")
        await raw.socket.send_json({"type": "subscribe", "id": "s", "to": "all", "since": 299})
        await raw.reply("s")
        assert seqs([await raw.told() for _ in range(3)]) == [300, 301, 302]


async def test_entries_that_are_forgotten_end_in_one_resync(tmp_path: Path) -> None:
    service = Service(tmp_path / "data", limits=Limits(events=5))
    service.works = False
    await service.start()
    await submit(service, *(f"j{index}" for index in range(20)))
    await service.store.queue.prune()
    await service.restart()  # what is in memory could be told still
    async with connected(service) as raw:
        reply = await raw.ask("subscribe", "s", to="own", since=2, epoch=service.hub.log.epoch)
        resync = await raw.told()
        assert (reply["result"]["resync"], resync["type"], resync["seq"]) == (True, "resync", 20)
        assert [job["id"] for job in resync["jobs"]] == [f"j{index}" for index in reversed(range(20))]
        await submit(service, "next")
        assert seqs(await raw.until("queued", "next")) == [21]
    await service.stop()


async def test_a_client_far_behind_gets_one_resync_of_all_its_subscriptions(tmp_path: Path) -> None:
    service = Service(tmp_path / "data", HubLimits(behind=100))
    service.works = False
    await service.start()
    async with connected(service) as raw:
        await raw.ask("subscribe", "own", to="own")
        await raw.ask("subscribe", "one", to="job", job="j3")
        (stream,) = service.hub.streams
        sent, send = asyncio.Event(), stream._line.send
        object.__setattr__(stream._line, "send", lambda frame: held(sent, send, frame))
        await submit(service, "first")  # now it is being sent
        await asyncio.gather(*(submit(service, f"j{index}") for index in range(300)))
        sent.set()
        first, resync = await raw.told(), await raw.told()
        assert (first["seq"], resync["type"], resync["seq"]) == (1, "resync", 301)
        assert sorted(resync["subscriptions"]) == ["one", "own"]
        assert (len(resync["jobs"]), resync["complete"]) == (301, True)
        await submit(service, "next")
        assert seqs(await raw.until("queued", "next")) == [302]
    await service.stop()


async def held(until: asyncio.Event, send: Callable[[bytes], Any], frame: bytes) -> None:
    await until.wait()
    await send(frame)


async def test_progress_is_told_at_most_twenty_times_a_second(quiet: Service) -> None:
    await submit(quiet, "a")
    async with connected(quiet) as raw:
        await raw.ask("subscribe", to="job", job="a", since=0)
        began = time.monotonic()
        for step in range(500):
            quiet.feed.tell("a", "ann", TaskProgress("sample", step, 500))
            quiet.feed.tell("a", "ann", TaskProgress("other", step, 500))
            quiet.feed.tell("a", "ann", TaskSpan("sample", "nothing for clients", 0, 0))
            await asyncio.sleep(0.001)
        told = [await raw.told()]
        while told[-1].get("tasks", {}).get("other", {}).get("step") != 499:
            told.append(await raw.told())
        progress = [each for each in told if each["type"] == "progress"]
        assert 2 <= len(progress) <= 20 * (time.monotonic() - began) + 2
        assert progress[-1]["tasks"]["sample"] == {"step": 499, "total": 500, "message": ""}


async def test_the_newest_preview_wins_and_has_an_address(quiet: Service) -> None:
    await submit(quiet, "a")
    async with connected(quiet) as raw:
        await raw.ask("subscribe", to="job", job="a")
        for number in range(10):
            quiet.feed.tell("a", "ann", TaskPreview("up/scale", Preview("image/webp", bytes([number]), 8, 8)))
        preview = await raw.told()
        assert (preview["type"], preview["media_type"], preview["width"]) == ("preview", "image/webp", 8)
        assert preview["url"] == "/api/jobs/a/previews/up%2Fscale?n=10"
        kept = quiet.hub.preview("a", "up/scale")
        assert kept is not None
        assert kept.data == b"\x09"
        job = await quiet.store.attempts.claim()
        assert job is not None
        await quiet.store.attempts.finish(job.lease, {})
        await raw.until("finished", "a")
        assert quiet.hub.preview("a", "up/scale") is None


async def test_the_last_preview_comes_though_the_job_is_over_at_once(quiet: Service) -> None:
    await submit(quiet, "a")
    job = await quiet.store.attempts.claim()
    assert job is not None
    async with connected(quiet) as raw:
        await raw.ask("subscribe", to="job", job="a")
        for number in range(2):  # the second would be told with the next tick, which comes when the job is over
            quiet.feed.tell("a", "ann", TaskPreview("show", Preview("image/webp", bytes([number]), 8, 8)))
            await asyncio.sleep(0)
        await quiet.store.attempts.finish(job.lease, {})
        told = [await raw.told()]
        while not {"finished", "preview"} <= {each.get("kind", each["type"]) for each in told}:
            told.append(await raw.told())
        assert [each for each in told if each["type"] == "preview"][-1]["url"].endswith("n=2")


async def test_whoever_wants_nothing_live_gets_nothing_live(quiet: Service) -> None:
    await submit(quiet, "a")
    async with connected(quiet) as raw:
        await raw.ask("subscribe", to="all", live=False)
        quiet.feed.tell("a", "ann", TaskProgress("sample", 1, 2))
        await asyncio.sleep(0.1)
        await submit(quiet, "b")
        assert (await raw.told())["type"] == "event"


async def test_an_event_is_encoded_once_for_each_format(quiet: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Counter[str]()

    class Counting(Shared):
        def frame(self, form: Any) -> bytes:
            made[form] += form not in self._frames
            return super().frame(form)

    monkeypatch.setattr(hub_module, "Shared", Counting)
    async with connected(quiet) as a, connected(quiet) as b, connected(quiet, protocols=[MSGPACK]) as c:
        await c.socket.receive_bytes()
        await c.socket.send_bytes(b"\x83\xa4type\xa9subscribe\xa2id\xa11\xa2to\xa3all")
        await c.socket.receive_bytes()
        for raw in (a, b):
            await raw.ask("subscribe", to="all")
        await submit(quiet, "a", "b", "c")
        for raw in (a, b):
            await raw.until("queued", "c")
        for _ in range(3):
            await c.socket.receive_bytes()
    assert made == {"json": 3, "msgpack": 3}


async def test_a_stop_sends_everybody_away(tmp_path: Path) -> None:
    service = Service(tmp_path / "data")
    await service.start()
    async with connected(service) as raw:
        await raw.ask("subscribe", to="all")
        stopping = asyncio.create_task(service.stop())
        frame = await raw.socket.receive(timeout=60)
        assert (frame.type, frame.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)
        await stopping
