"""What stands, through the client: schedules and webhooks of a service on the loopback."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from receivers import receiving
from servers import Client as Asking
from servers import serving, three
from stores import DOCUMENT
from streaming import Service, connected

from graphengine.app import Engine
from graphengine.client import Client, Refused, Saved, SyncClient
from graphengine.server.access import Caller, add_token
from graphengine.server.commands import Outcome
from graphengine.server.messages import Command
from graphengine.server.orders import LOOKS, ORDERS

NIGHTLY = {"kind": "cron", "expression": "0 2 * * *", "zone": "Europe/Berlin"}


@pytest.fixture
async def asking(engine: Engine, data_dir: Path) -> AsyncIterator[Asking]:
    async with serving(engine, data_dir, webhooks="any") as asking:
        yield asking


async def test_a_schedule_from_its_making_to_its_end(asking: Asking) -> None:
    async with Client(asking.address) as client:
        made = await client.schedules.save("nightly", NIGHTLY, three(), {"value": 3}, title="At night")
        assert (made.id, made.title, made.revision, len(made.next)) == ("nightly", "At night", 1, 5)
        assert made.trigger.kind == "cron"
        assert await client.schedules.save("nightly", made.trigger, three(), {"value": 3}, title="At night") == made
        assert await client.schedules.get("nightly") == made
        assert [each.id for each in await client.schedules.list(own=True)] == ["nightly"]
        assert (await client.schedules.pause("nightly")).paused
        job = await client.schedules.fire("nightly", {"value": 9})
        assert (await client.result(job.id))["outputs"]["end"]["value"] == 10.0
        again = await client.schedules.fire("nightly", {"value": 1}, key="monday")
        assert (await client.schedules.fire("nightly", {"value": 1}, key="monday")).id == again.id
        assert (await client.schedules.resume("nightly")).next == made.next
        await client.schedules.delete("nightly")
        with pytest.raises(Refused, match="no schedule"):
            await client.schedules.get("nightly")
        with pytest.raises(Refused, match="no schedule"):
            await client.schedules.delete("nightly")


async def test_what_is_wrong_with_a_schedule_is_told(asking: Asking) -> None:
    async with Client(asking.address) as client:
        with pytest.raises(Refused) as refused:
            await client.schedules.save("wrong", NIGHTLY, three(), {"value": "text"})
        assert refused.value.code == "invalid_workflow"
        assert refused.value.problems[0].code == "invalid_value"
        with pytest.raises(Refused, match="not a cron expression"):
            await client.schedules.save("wrong", {"kind": "cron", "expression": "99 * * * *"}, three())
        with pytest.raises(Refused) as malformed:
            await client.schedules.save("wrong", {"kind": "moon"}, three())
        assert malformed.value.code == "malformed_message"
        with pytest.raises(Refused, match="no workflow"):
            await client.schedules.save("wrong", NIGHTLY, Saved("nobody"))
        with pytest.raises(ValueError, match="newest"):
            await client.schedules.save("wrong", NIGHTLY, Saved("flow", 1))


async def test_a_webhook_from_its_making_to_its_end(asking: Asking) -> None:
    async with Client(asking.address) as client, receiving() as receiver:
        made = await client.webhooks.save("mine", receiver.url, states=["done"])
        assert made.secret is not None
        assert (await client.webhooks.save("mine", receiver.url, states=["done"])).secret is None
        job = await client.submit(three())
        (got,) = await receiver.wait(1)
        assert got.verified(made.secret)["data"]["id"] == job.id
        await client.webhooks.ping("mine")
        await receiver.wait(2)
        ping, told = await client.webhooks.deliveries("mine")
        assert (ping.type, told.type, told.job) == ("ping", "job.done", job.id)
        assert [each.id for each in await client.webhooks.deliveries("mine", after=ping.id)] == [told.id]
        assert (await client.webhooks.get("mine")).url == receiver.url
        assert [each.id for each in await client.webhooks.list()] == ["mine"]
        with pytest.raises(Refused, match="no delivery"):
            await client.webhooks.retry("mine", "msg_none")
        await client.webhooks.delete("mine")
        assert await client.webhooks.list() == []


async def test_the_synchronous_face_says_the_same(asking: Asking) -> None:
    def talk(url: str) -> None:
        with SyncClient(asking.address) as client:
            made = client.schedules.save("nightly", NIGHTLY, three(), {"value": 2}, priority=3)
            assert made.priority == 3
            assert client.schedules.pause("nightly").paused
            assert not client.schedules.resume("nightly").paused
            assert client.result(client.schedules.fire("nightly").id)["outputs"]["end"]["value"] == 3.0
            assert client.schedules.get("nightly").fired == 1
            assert [each.id for each in client.schedules.list(limit=1)] == ["nightly"]
            client.schedules.delete("nightly")
            assert client.webhooks.save("mine", url).secret is not None
            sent = client.webhooks.ping("mine")
            assert [each.id for each in client.webhooks.deliveries("mine")] == [sent.id]
            assert client.webhooks.get("mine").url == client.webhooks.list()[0].url == url
            with pytest.raises(Refused):
                client.webhooks.retry("mine", "msg_none")
            client.webhooks.delete("mine")

    async with receiving() as receiver:
        await asyncio.to_thread(talk, receiver.url)
        await receiver.wait(1)


async def test_who_may_do_what(engine: Engine, data_dir: Path) -> None:
    secrets = {name: add_token(data_dir, name, scope) for name, scope in (("ann", "submit"), ("ray", "read"))}
    async with serving(engine, data_dir, webhooks="any") as served:
        async with Client(served.address, secrets["ann"]) as ann:
            await ann.schedules.save("nightly", NIGHTLY, three())
            await ann.webhooks.save("mine", "https://example.com/")
            with pytest.raises(Refused, match="scope 'admin'"):
                await ann.webhooks.save("all", "https://example.com/", jobs="all")
        async with Client(served.address, secrets["ray"]) as ray:
            assert (await ray.schedules.get("nightly")).owner == "ann"
            assert await ray.schedules.list(own=True) == []
            assert await ray.webhooks.list() == []
            acts = [
                lambda: ray.schedules.save("mine", NIGHTLY, three()),
                lambda: ray.schedules.pause("nightly"),
                lambda: ray.schedules.fire("nightly"),
                lambda: ray.schedules.delete("nightly"),
                lambda: ray.webhooks.save("his", "https://example.com/"),
                lambda: ray.webhooks.get("mine"),
                lambda: ray.webhooks.deliveries("mine"),
                lambda: ray.webhooks.ping("mine"),
                lambda: ray.webhooks.retry("mine", "msg_1"),
                lambda: ray.webhooks.delete("mine"),
            ]
            for act in acts:
                with pytest.raises(Refused) as refused:
                    await act()
                assert refused.value.code == "forbidden"


async def cut_after_one(service: Service) -> None:
    """Do the next thing that is asked, and break the connection before it is answered."""
    answer = service.commands.answer

    async def cut(command: Command, caller: Caller) -> Outcome:
        outcome = await answer(command, caller)
        service.commands.answer = answer  # type: ignore[method-assign]
        service.disconnect()
        return outcome

    service.commands.answer = cut  # type: ignore[method-assign]


async def test_what_is_asked_again_is_done_once(tmp_path: Path) -> None:
    service = Service(tmp_path / "data")
    await service.start()
    async with Client(service.url, patience=5) as client:
        await cut_after_one(service)
        assert (await client.schedules.save("nightly", NIGHTLY, DOCUMENT)).revision == 1
        await cut_after_one(service)
        await client.schedules.fire("nightly")
        assert (await client.schedules.get("nightly")).fired == 1
        await cut_after_one(service)
        await client.schedules.delete("nightly")
        await client.webhooks.save("mine", "https://example.com/")
        await cut_after_one(service)
        await client.webhooks.delete("mine")
        assert (list(await client.schedules.list()), list(await client.webhooks.list())) == ([], [])
    await service.stop()


WRONG: dict[str, dict[str, Any]] = {
    "no schedule": {"type": "get_schedule"},
    "an unknown kind": {"type": "save_schedule", "schedule": "a", "trigger": {"kind": "moon"}, "workflow": {}},
    "a number for a name": {"type": "pause_schedule", "schedule": 1},
    "a text for yes": {"type": "pause_schedule", "schedule": "a", "paused": "false"},
    "a long page": {"type": "list_schedules", "limit": 1_001},
    "a field too many": {"type": "delete_schedule", "schedule": "a", "force": True},
    "an empty key": {"type": "fire_schedule", "schedule": "a", "key": ""},
    "no address": {"type": "save_webhook", "webhook": "a"},
    "a state that is no end": {"type": "save_webhook", "webhook": "a", "url": "https://x.org", "states": ["queued"]},
    "an unknown state": {"type": "list_deliveries", "webhook": "a", "state": "lost"},
}


@pytest.mark.parametrize("name", WRONG)
async def test_wrong_orders_are_answered_and_the_connection_goes_on(tmp_path: Path, name: str) -> None:
    service = Service(tmp_path / "data")
    await service.start()
    fields = dict(WRONG[name])
    async with connected(service) as raw:
        assert (await raw.ask(fields.pop("type"), **fields))["problem"]["code"] == "malformed_message"
        job = (await raw.ask("submit", workflow=DOCUMENT))["result"]["job"]
        await raw.socket.send_json({"type": "subscribe", "id": "s", "to": "job", "job": job["id"], "since": job["seq"]})
        await asyncio.wait_for(raw.until("finished", job["id"]), 5)
    await service.stop()


def test_every_order_is_known() -> None:
    assert set(LOOKS) < set(ORDERS)
    assert {each.__name__.startswith(("Get", "List")) for each in LOOKS} == {True}
    assert not any(each.__name__.startswith(("Get", "List")) for each in set(ORDERS) - set(LOOKS))
