"""Webhooks through the whole service: a job ends, and somebody on the loopback is told, whatever comes between."""

import asyncio
import functools
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from receivers import Receiver, cut, hang, receiving, status
from servers import Client, ServerProcess, document, serving, slow, three

from graphengine.app import Engine
from graphengine.server.access import add_token
from graphengine.service.webhook.courier import Courier

TRIALS = int(os.environ.get("GRAPHENGINE_TRIALS", "3"))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def client(engine: Engine, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A server that may tell anybody, and is quick to try again."""
    quick = functools.partial(Courier, delays=(0.2,) * 9)
    monkeypatch.setattr("graphengine.server.serving.Courier", quick)
    async with serving(engine, data_dir, webhooks="any") as client:
        yield client


async def make(client: Client, url: str, id_: str = "mine", **fields: Any) -> Any:
    reply = await client.ask("PUT", f"/api/webhooks/{id_}", {"url": url, **fields})
    assert reply.status in {200, 201}, reply.data
    return reply.data


async def settled(client: Client, number: int, id_: str = "mine") -> list[Any]:
    """Return the deliveries when none waits any more."""
    async with asyncio.timeout(30):
        while True:
            found: list[Any] = (await client.get(f"/api/webhooks/{id_}/deliveries"))["deliveries"]
            if len(found) == number and all(each["state"] != "waiting" for each in found):
                return found
            await asyncio.sleep(0.02)


async def test_who_wants_to_know_is_told_of_each_end(client: Client, receiver: Receiver) -> None:
    secret = (await make(client, f"{receiver.url}/told?by=me"))["secret"]
    job = await client.submit(three(4), title="mine")
    (got,) = await receiver.wait(1)
    assert got.path == "/told?by=me"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"].startswith("graphengine/")
    told = got.verified(secret)
    assert (told["type"], told["data"]["id"], told["data"]["title"]) == ("job.done", job["id"], "mine")
    assert told["data"]["result"]["outputs"]["end"]["value"] == 5.0
    await client.submit(document({"fail": ["plain.fail", {}]}), id="fails")
    waits = await client.submit(slow(30))
    await client.ask("POST", f"/api/jobs/{waits['id']}/cancel")
    told = [each.verified(secret) for each in await receiver.wait(3)]
    assert {each["type"] for each in told} == {"job.done", "job.failed", "job.cancelled"}
    (failed,) = [each for each in told if each["type"] == "job.failed"]
    assert failed["data"]["failure"]["message"] == "there is no more"
    assert {each["state"] for each in await settled(client, 3)} == {"done"}


async def test_the_secret_is_shown_once(client: Client, receiver: Receiver) -> None:
    made = await make(client, receiver.url)
    assert made["secret"].startswith("whsec_")
    assert (await make(client, receiver.url))["secret"] is None
    assert (await client.get("/api/webhooks/mine"))["secret"] is None
    assert made["secret"] not in json.dumps(await client.get("/api/webhooks"))
    chosen = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert (await make(client, receiver.url, secret=chosen))["secret"] == chosen
    await client.ask("POST", "/api/webhooks/mine/ping")
    (got,) = await receiver.wait(1)
    assert got.verified(chosen)["type"] == "ping"


async def test_only_what_is_wanted_is_told(client: Client, receiver: Receiver) -> None:
    await make(client, receiver.url, states=["failed"])
    await client.canary()
    await client.submit(document({"fail": ["plain.fail", {}]}), id="fails")
    (got,) = await receiver.wait(1)
    assert json.loads(got.body)["data"]["id"] == "fails"
    await make(client, receiver.url, paused=True)
    await client.submit(document({"fail": ["plain.fail", {"value": 2}]}), id="again")
    await client.ended("again")
    assert len(await settled(client, 1)) == 1


@pytest.mark.parametrize(
    "fault",
    [status(500), status(404), status(302, Location="/elsewhere"), cut],
    ids=["error", "not found", "led elsewhere", "cut"],
)
async def test_what_does_not_arrive_comes_again(client: Client, receiver: Receiver, fault: Any) -> None:
    receiver.answers = [fault, fault]
    await make(client, receiver.url)
    await client.canary()
    got = await receiver.wait(3)
    assert len({each.id for each in got}) == 1
    assert {each.path for each in got} == {"/"}, "a redirect leads nowhere"
    (delivery,) = await settled(client, 1)
    assert (delivery["state"], delivery["attempts"], delivery["status"]) == ("done", 3, 204)
    assert len(receiver.got) == 3


async def test_a_receiver_that_hangs_or_is_not_there_harms_nobody(client: Client, receiver: Receiver) -> None:
    receiver.answers = [hang] * 100
    await make(client, receiver.url)
    await make(client, "http://127.0.0.1:1/", "nobody")
    for _ in range(10):
        await client.canary()
    async with asyncio.timeout(60):
        while not (found := await client.get("/api/webhooks/nobody/deliveries"))["deliveries"][-1]["attempts"]:
            await asyncio.sleep(0.02)
    assert found["deliveries"][-1]["problem"] == "the receiver cannot be reached"
    assert len(receiver.got) <= 4
    assert (await client.ask("GET", "/readyz")).status == 200


async def test_what_was_given_up_is_seen_and_tried_again(client: Client, receiver: Receiver) -> None:
    receiver.answers = [status(410)]
    await make(client, receiver.url)
    await client.canary()
    (failed,) = await settled(client, 1)
    assert (failed["state"], failed["status"], failed["problem"]) == ("failed", 410, "the receiver answered 410")
    shown = await client.get("/api/webhooks/mine")
    assert (shown["paused"], shown["problem"]) == (True, "the receiver said that it is gone")
    path = f"/api/webhooks/mine/deliveries/{failed['id']}/retry"
    assert (await client.ask("POST", path)).status == 202
    await make(client, receiver.url)
    (done,) = await settled(client, 1)
    assert (done["state"], done["id"]) == ("done", failed["id"])
    assert (await client.ask("POST", path)).status == 409
    assert (await client.ask("POST", path.replace("msg_", "msg"))).status == 404


async def test_a_webhook_that_is_removed_is_told_nothing_more(client: Client, receiver: Receiver) -> None:
    receiver.answers = [status(500)] * 100
    await make(client, receiver.url)
    await client.canary()
    await receiver.wait(1)
    assert (await client.ask("DELETE", "/api/webhooks/mine")).status == 204
    await client.canary()
    number = len(receiver.got)
    await asyncio.sleep(0.5)
    assert len(receiver.got) <= number + 1
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/ping"), ("GET", "/deliveries")):
        assert (await client.ask(method, f"/api/webhooks/mine{path}")).status == 404


async def test_webhooks_are_their_owners(engine: Engine, data_dir: Path, receiver: Receiver) -> None:
    bearer = {
        name: {"Authorization": f"Bearer {add_token(data_dir, name, scope)}"}
        for name, scope in (("ann", "submit"), ("bob", "submit"), ("eve", "admin"), ("ray", "read"))
    }
    async with serving(engine, data_dir, webhooks="any") as client:
        path, body = "/api/webhooks/mine", {"url": f"{receiver.url}/ann"}
        assert (await client.ask("PUT", path, body, headers=bearer["ray"])).status == 403
        assert (await client.ask("PUT", path, body, headers=bearer["ann"])).data["owner"] == "ann"
        everything = {"url": f"{receiver.url}/all", "jobs": "all"}
        assert (await client.ask("PUT", path, everything, headers=bearer["ann"])).status == 403
        assert (await client.ask("PUT", "/api/webhooks/all", everything, headers=bearer["eve"])).status == 201
        for who in ("bob", "ray"):
            assert (await client.get("/api/webhooks", headers=bearer[who]))["webhooks"] == []
            for method, more in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/ping")):
                sent = body if method == "PUT" else None
                assert (await client.ask(method, path + more, sent, headers=bearer[who])).status == 403
        assert len((await client.get("/api/webhooks", headers=bearer["eve"]))["webhooks"]) == 2
        for who in ("ann", "bob"):
            await client.ask("POST", "/api/jobs", {"workflow": three(), "id": who}, headers=bearer[who])
        got = await receiver.wait(3)
        told = sorted((each.path, json.loads(each.body)["data"]["owner"]) for each in got)
        assert told == [("/all", "ann"), ("/all", "bob"), ("/ann", "ann")]


async def test_a_kill_amid_a_delivery_loses_nothing(
    data_dir: Path, receiver: Receiver, figure: Callable[[str], None]
) -> None:
    """At least once, under one id: killed while it is on its way, and while it waits to be."""
    async with aiohttp.ClientSession() as session:
        for trial in range(TRIALS):
            receiver.got, receiver.answers = [], [hang]
            server = ServerProcess(data_dir / str(trial), GRAPHENGINE_WEBHOOKS="any")
            try:
                client = Client(session, await server.start())
                secret = (await make(client, receiver.url))["secret"]
                await client.submit(three(trial), id="first")
                (first,) = await receiver.wait(1)
                receiver.answers = [hang] * 3
                for index in range(4 + trial % 4):  # some are on their way, some wait for room
                    await client.submit(three(100 + index), id=f"j{index}")
                    await client.ended(f"j{index}")
                await server.stop(signal.SIGKILL)
                receiver.answers = []
                before = len(receiver.got)
                client = Client(session, await server.start())
                deliveries = await settled(client, 5 + trial % 4)
                assert await server.stop() == 0
            finally:
                server.kill()
            again = receiver.got[before:]
            assert {each["state"] for each in deliveries} == {"done"}
            assert sorted(each.id for each in again) == sorted(each["id"] for each in deliveries)
            assert first.id in {each.id for each in again}
            told = {each.verified(secret)["data"]["id"] for each in again}
            assert told == {"first", *(f"j{index}" for index in range(4 + trial % 4))}
    figure(f"killed amid deliveries {TRIALS} times: every one arrived in the end, under the id it had before")


async def test_a_server_that_is_told_to_end_lets_a_delivery_end(data_dir: Path, receiver: Receiver) -> None:
    async with aiohttp.ClientSession() as session:
        server = ServerProcess(data_dir, GRAPHENGINE_WEBHOOKS="any")
        try:
            client = Client(session, await server.start())
            await make(client, receiver.url)
            gate = asyncio.Event()

            async def late(_: Any) -> aiohttp.web.StreamResponse:
                await gate.wait()
                return aiohttp.web.Response()

            receiver.answers = [late]
            await client.submit(three(), id="one")
            await receiver.wait(1)
            stopping = asyncio.create_task(server.stop())
            await asyncio.sleep(0.3)
            gate.set()
            assert await stopping == 0
            client = Client(session, await server.start())
            assert (await settled(client, 1))[0]["attempts"] == 1
            assert await server.stop() == 0
        finally:
            server.kill()
        assert len(receiver.got) == 1


WRONG: dict[str, tuple[dict[str, Any], int]] = {
    "no address": ({"url": ""}, 400),
    "nothing": ({"url": None}, 400),
    "a file": ({"url": "file:///etc/passwd"}, 422),
    "another protocol": ({"url": "gopher://example.com/"}, 422),
    "no host": ({"url": "http:///path"}, 422),
    "no scheme": ({"url": "example.com"}, 422),
    "a password": ({"url": "https://ann:secret@example.com/"}, 422),
    "a fragment": ({"url": "https://example.com/#x"}, 422),
    "a port that is none": ({"url": "https://example.com:99999/"}, 422),
    "a broken bracket": ({"url": "https://[::1/"}, 422),
    "a line break": ({"url": "https://example.com/\r\nHost: evil"}, 422),
    "a space": ({"url": "https://example.com/a b"}, 422),
    "too long": ({"url": "https://example.com/" + "a" * 2_000}, 400),
    "no end": ({"states": []}, 400),
    "a state that is no end": ({"states": ["running"]}, 400),
    "whose jobs": ({"jobs": "bob"}, 400),
    "a secret of another form": ({"secret": "mine"}, 400),
    "a secret that is no Base64": ({"secret": "whsec_" + "A" * 33}, 422),
    "a number for a switch": ({"paused": 1}, 400),
    "a revision that is none": ({"expected": 3}, 409),
    "a field too many": ({"headers": {"X": "y"}}, 400),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_webhook_is_refused(client: Client, name: str) -> None:
    changes, expected = WRONG[name]
    reply = await client.ask("PUT", "/api/webhooks/wrong", {"url": "https://example.com/", **changes})
    assert reply.status == expected, reply.data
    assert (await client.get("/api/webhooks"))["webhooks"] == []
    await client.canary()
