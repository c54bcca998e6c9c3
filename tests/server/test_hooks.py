"""What fires a schedule beside time, over HTTP: requests of other programs, and files that come into a folder."""

import asyncio
import hmac
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from servers import Client, Reply, document, link, serving, three

from graphengine.app import Engine
from graphengine.server.access import add_token
from graphengine.server.routes.hooks import MOST_BODY

HOOK = {"kind": "webhook", "fields": {"value": "/order/size"}}


async def make(client: Client, id_: str = "order", **fields: Any) -> Any:
    body = {"trigger": HOOK, "workflow": three(), **fields}
    reply = await client.ask("PUT", f"/api/schedules/{id_}", body)
    assert reply.status in {200, 201}, reply.data
    return reply.data


async def knock(client: Client, secret: str | None, body: Any, id_: str = "order", **headers: str) -> Reply:
    bearer = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    return await client.ask("POST", f"/api/hooks/{id_}", body, headers={**bearer, **headers})


async def test_a_request_that_knows_the_secret_makes_a_job(client: Client) -> None:
    made = await make(client)
    assert made["path"] == "/api/hooks/order"
    assert len(made["secret"]) >= 40
    reply = await knock(client, made["secret"], {"order": {"size": 4.0, "more": [1]}, "else": None})
    assert (reply.status, reply.data["created"]) == (201, True)
    done = await client.ended(reply.data["job"])
    assert (done["inputs"], done["owner"]) == ({"value": 4.0}, "local")
    assert done["result"]["outputs"]["end"]["value"] == 5.0
    shown = await client.get("/api/schedules/order")
    assert (shown["secret"], shown["fired"], shown["next"]) == (None, 1, [])
    assert made["secret"] not in json.dumps(await client.get("/api/schedules"))


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def test_the_secret_is_kept_only_as_a_digest(client: Client, data_dir: Path) -> None:
    secret = (await make(client))["secret"].encode()
    assert not any(secret in content for content in await asyncio.to_thread(contents, data_dir))


async def test_the_secret_stays_and_may_be_another(client: Client) -> None:
    first = (await make(client))["secret"]
    assert (await make(client, title="changed"))["secret"] is None
    assert (await knock(client, first, {"order": {"size": 1}})).status == 201
    chosen = "s3cret-of-my-own-choosing-123"
    assert (await make(client, secret=chosen))["secret"] == chosen
    assert (await knock(client, first, {"order": {"size": 1}})).status == 401
    assert (await knock(client, chosen, {"order": {"size": 1}})).status == 201
    await make(client, trigger={"kind": "every", "seconds": 3_600})
    assert (await knock(client, chosen, {"order": {"size": 1}})).status == 401
    assert (await make(client))["secret"] not in (None, chosen)


async def test_the_secret_opens_this_and_nothing_else(engine: Engine, data_dir: Path) -> None:
    admin = {"Authorization": f"Bearer {add_token(data_dir, 'eve', 'admin')}"}
    async with serving(engine, data_dir) as client:
        secrets = {}
        for id_ in ("one", "two"):
            body = {"trigger": HOOK, "workflow": three()}
            secrets[id_] = (await client.ask("PUT", f"/api/schedules/{id_}", body, headers=admin)).data["secret"]
        body = {"order": {"size": 1}}
        refused = [
            await knock(client, None, body, "one"),
            await knock(client, "", body, "one"),
            await knock(client, secrets["two"], body, "one"),
            await knock(client, secrets["one"][:-1], body, "one"),
            await knock(client, admin["Authorization"][7:], body, "one"),
            await knock(client, secrets["one"], body, "three"),
        ]
        assert {(reply.status, reply.data["code"]) for reply in refused} == {(401, "unauthorized")}
        assert len({reply.data["detail"] for reply in refused}) == 1, "nobody learns which ids there are"
        for method, path in (("GET", "/api/jobs"), ("GET", "/api/schedules/one"), ("POST", "/api/jobs")):
            bearer = {"Authorization": f"Bearer {secrets['one']}"}
            assert (await client.ask(method, path, headers=bearer)).status == 401
        assert (await knock(client, secrets["one"], body, "one")).status == 201


@pytest.mark.inside
async def test_secrets_are_compared_in_constant_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(first: str, second: str) -> bool:
        compared.append((first, second))
        return hmac.compare_digest(first, second)

    monkeypatch.setattr("graphengine.service.schedule.schedule.compare_digest", compare)
    await make(client)
    await knock(client, "wrong", {})
    assert [len(each) for pair in compared for each in pair] == [64, 64]


async def test_a_request_that_comes_again_makes_one_job(client: Client) -> None:
    secret = (await make(client))["secret"]
    body = {"order": {"size": 2}}
    for name in ("Webhook-Id", "Idempotency-Key"):
        replies = [await knock(client, secret, body, **{name: "msg_1"}) for _ in range(3)]
        assert [reply.status for reply in replies] == [201, 200, 200]
        assert len({reply.data["job"] for reply in replies}) == 1
    other = await knock(client, secret, {"order": {"size": 3}}, **{"Webhook-Id": "msg_1"})
    assert (other.status, other.data["code"]) == (409, "conflict")
    assert (await knock(client, secret, body)).data["job"] != (await knock(client, secret, body)).data["job"]


async def test_what_the_body_lacks_is_the_schedules_own_or_refused(client: Client) -> None:
    secret = (await make(client, inputs={"value": 10}))["secret"]
    for body in ({}, {"order": 1}, {"order": []}, [], None, "text"):
        reply = await knock(client, secret, body) if body is not None else await null(client, secret)
        assert (await client.ended(reply.data["job"]))["inputs"] == {"value": 10}
    secret = (await make(client, "bare"))["secret"]
    reply = await knock(client, secret, {}, "bare")
    assert (reply.status, reply.data["code"]) == (422, "unacceptable")
    assert "/order/size" in reply.data["detail"]


async def null(client: Client, secret: str) -> Reply:
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    return await client.ask("POST", "/api/hooks/order", data=b"null", headers=headers)


POINTERS = [
    ("", {"a": 1}, None),
    ("/list/1", {"list": [1, 2.0]}, 2.0),
    ("/list/-1", {"list": [1]}, None),
    ("/list/01", {"list": [1, 3]}, 3),
    ("/a~1b/m~0n", {"a/b": {"m~n": 4}}, 4),
    ("/", {"": 5}, 5),
    ("/__class__", {"a": 1}, None),
    ("/a/b", {"a": "b"}, None),
]


@pytest.mark.parametrize(("pointer", "body", "found"), POINTERS)
async def test_fields_are_pointed_at(client: Client, pointer: str, body: Any, found: Any) -> None:
    secret = (await make(client, trigger={"kind": "webhook", "fields": {"value": pointer}}))["secret"]
    reply = await knock(client, secret, body)
    if found is None:
        assert reply.status == 422
    else:
        assert (await client.ended(reply.data["job"]))["inputs"] == {"value": found}


WRONG: dict[str, tuple[bytes, dict[str, str], int]] = {
    "no JSON": (b"{", {}, 400),
    "not a number": (b'{"order": {"size": NaN}}', {}, 400),
    "a key twice": (b'{"order": 1, "order": 2}', {}, 400),
    "deep": (b"[" * 100_000, {}, 400),
    "not UTF-8": (b'"\xff"', {}, 400),
    "too large": (b'"' + b"a" * MOST_BODY + b'"', {}, 413),
    "a form": (b"size=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "text for a number": (b'{"order": {"size": "large"}}', {}, 422),
    "an object for a number": (b'{"order": {"size": {"$link": "add.value"}}}', {}, 422),
    "a key without an end": (b'{"order": {"size": 1}}', {"Webhook-Id": "k" * 201}, 400),
    "a page of another site": (b'{"order": {"size": 1}}', {"Origin": "http://evil.example"}, 403),
    "another name": (b'{"order": {"size": 1}}', {"Host": "evil.example"}, 421),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_request_is_refused(client: Client, name: str) -> None:
    content, more, status = WRONG[name]
    secret = (await make(client))["secret"]
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json", **more}
    reply = await client.ask("POST", "/api/hooks/order", data=io.BytesIO(content), headers=headers)
    assert reply.status == status, reply.data
    assert (await client.get("/api/schedules/order"))["fired"] == 0
    await client.canary()


async def test_what_a_stranger_sends_is_not_read(client: Client) -> None:
    await make(client)
    sent = 0

    async def flood() -> Any:
        nonlocal sent
        while True:
            sent += 1
            yield b"a" * 65_536

    headers = {"Authorization": "Bearer wrong", "Content-Type": "application/json"}
    async with asyncio.timeout(60):
        reply = await client.ask("POST", "/api/hooks/order", data=flood(), headers=headers)
    assert reply.status == 401
    assert sent < 200
    await client.canary()


async def test_a_paused_webhook_takes_nothing(client: Client) -> None:
    secret = (await make(client, paused=True))["secret"]
    assert (await knock(client, secret, {"order": {"size": 1}})).status == 409
    await client.ask("POST", "/api/schedules/order/resume")
    assert (await knock(client, secret, {"order": {"size": 1}})).status == 201


async def test_a_file_that_comes_into_a_folder_is_read_by_a_job(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "inputs" / "notes"
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    read = document(
        {"read": ["plain.read", {}], "write": ["plain.write", {"text": link("read.value")}]},
        inputs={"note": {"to": ["read.file"]}},
        outputs={"text": {"from": "read.value"}},
    )
    trigger = {"kind": "folder", "folder": "notes", "input": "note", "pattern": "*.txt", "seconds": 1}
    await make(client, "notes", trigger=trigger, workflow=read)
    await asyncio.sleep(1.5)
    (folder / "new.txt").write_text("from afar")
    async with asyncio.timeout(60):
        while not (jobs := (await client.get("/api/jobs"))["jobs"]):
            await asyncio.sleep(0.05)
    done = await client.ended(jobs[0]["id"])
    assert done["inputs"] == {"note": "inputs:notes/new.txt"}
    assert done["result"]["outputs"]["text"]["value"] == "from afar"
    assert (await client.get("/api/schedules/notes"))["fired"] == 1


SCHEDULES: dict[str, tuple[dict[str, Any], int]] = {
    "no trigger": ({"trigger": None}, 400),
    "an unknown kind": ({"trigger": {"kind": "moon"}}, 400),
    "no kind": ({"trigger": {"seconds": 5}}, 400),
    "a cron expression of six fields": ({"trigger": {"kind": "cron", "expression": "* * * * * *"}}, 422),
    "no cron expression": ({"trigger": {"kind": "cron", "expression": "99 2 * * *"}}, 422),
    "a zone outside": ({"trigger": {"kind": "cron", "expression": "0 2 * * *", "zone": "../../etc/passwd"}}, 422),
    "an unknown zone": ({"trigger": {"kind": "cron", "expression": "0 2 * * *", "zone": "Mars/Base"}}, 422),
    "a zone that is a folder": ({"trigger": {"kind": "cron", "expression": "0 2 * * *", "zone": "Europe"}}, 422),
    "never": ({"trigger": {"kind": "every", "seconds": 0}}, 400),
    "text for a number": ({"trigger": {"kind": "every", "seconds": "60"}}, 400),
    "a fraction": ({"trigger": {"kind": "every", "seconds": 1.5}}, 400),
    "a start without a zone": ({"trigger": {"kind": "every", "seconds": 60, "start": "2027-01-01T00:00:00"}}, 400),
    "a start before everything": (
        {"trigger": {"kind": "every", "seconds": 60, "start": "0001-01-01T00:00:00+14:00"}},
        422,
    ),
    "a day that no calendar has": ({"trigger": {"kind": "at", "local": "2027-02-31T10:00"}}, 422),
    "a number for a time": ({"trigger": {"kind": "at", "local": 1_800_000_000}}, 400),
    "before everything": ({"trigger": {"kind": "at", "local": "0001-01-01T00:00", "zone": "Asia/Tokyo"}}, 422),
    "after everything": ({"trigger": {"kind": "at", "local": "9999-12-31T23:59", "zone": "America/Lima"}}, 422),
    "a folder outside": ({"trigger": {"kind": "folder", "folder": "../..", "input": "value"}}, 422),
    "an absolute folder": ({"trigger": {"kind": "folder", "folder": "/etc", "input": "value"}}, 422),
    "the models": ({"trigger": {"kind": "folder", "folder": "models:.", "input": "value"}}, 422),
    "a folder that is not there": ({"trigger": {"kind": "folder", "folder": "nothing", "input": "value"}}, 422),
    "a file for a folder": ({"trigger": {"kind": "folder", "folder": "file.txt", "input": "value"}}, 422),
    "an input that is none": ({"trigger": {"kind": "webhook", "fields": {"no": "/a"}}}, 422),
    "no pointer": ({"trigger": {"kind": "webhook", "fields": {"value": "a.b"}}}, 400),
    "a wrong value": ({"inputs": {"value": "text"}}, 422),
    "a name that is none": ({"inputs": {"no": 1}}, 422),
    "no such node": ({"targets": ["no"]}, 422),
    "no such workflow": ({"workflow": "nobody"}, 404),
    "an empty workflow": ({"workflow": {}}, 422),
    "an unknown policy": ({"misfire": {"policy": "twice"}}, 400),
    "a policy for no time": ({"trigger": HOOK, "misfire": {"policy": "all"}}, 422),
    "a secret for a time": ({"secret": "s" * 30}, 422),
    "a short secret": ({"trigger": HOOK, "secret": "short"}, 400),
    "a secret with a line": ({"trigger": HOOK, "secret": "s" * 30 + "\n"}, 400),
    "a revision that is none": ({"expected": 7}, 409),
    "a field too many": ({"owner": "eve"}, 400),
}


@pytest.mark.parametrize("name", SCHEDULES)
async def test_a_wrong_schedule_is_refused(client: Client, tmp_path: Path, name: str) -> None:
    (tmp_path / "inputs" / "file.txt").write_text("x")
    changes, status = SCHEDULES[name]
    body = {"trigger": {"kind": "cron", "expression": "0 2 * * *"}, "workflow": three(), **changes}
    reply = await client.ask("PUT", "/api/schedules/wrong", body)
    assert reply.status == status, reply.data
    assert str(tmp_path) not in json.dumps(reply.data)
    assert (await client.get("/api/schedules"))["schedules"] == []
    await client.canary()


@pytest.mark.parametrize("id_", ["a~b", "..%2f..", "%00", "a" * 101, "%ff", "-x"])
async def test_a_wrong_name_of_a_schedule_is_refused(client: Client, id_: str) -> None:
    body = {"trigger": {"kind": "every", "seconds": 60}, "workflow": three()}
    assert (await client.ask("PUT", f"/api/schedules/{id_}", body)).status == 422
    assert (await client.ask("GET", f"/api/schedules/{id_}")).status == 404
    assert (await client.ask("POST", f"/api/hooks/{id_}", headers={"Authorization": "Bearer x"})).status == 401
    await client.canary()


async def test_answers_are_quick_whether_a_webhook_is_there_or_not(
    client: Client, figure: Callable[[str], None]
) -> None:
    """No more than a figure: that nothing is told by the time either."""
    await make(client)
    loop = asyncio.get_running_loop()
    seconds = {}
    for id_ in ("warm", "order", "nobody"):
        began = loop.time()
        for _ in range(50):
            assert (await knock(client, "x" * 43, {}, id_)).status == 401
        seconds[id_] = (loop.time() - began) / 50
    figure(", ".join(f"a wrong secret for {id_!r}: {each * 1000:.2f} ms" for id_, each in seconds.items()))
