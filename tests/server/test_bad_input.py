"""Requests that mean harm or make no sense: each is refused in one form, and a plain job behind it is done in time."""

import asyncio
import hashlib
import io
import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from servers import Client, document, link, three

JSON = {"Content-Type": "application/json"}

BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "NaN": b'{"workflow": {}, "priority": NaN}',
    "infinite": b'{"workflow": {}, "priority": Infinity}',
    "too large a number": b'{"workflow": {}, "priority": 1e999}',
    "a key twice": b'{"workflow": {}, "workflow": {}}',
    "deep": b'{"workflow": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    "deep list": b"[" * 100_000,
    "too many values": b'{"workflow": {"x": [' + b"1," * 250_000 + b"1]}}",
    "no object": b"[1, 2]",
    "half a character": b'{"workflow": "\\ud800"}',
    "not UTF-8": b'{"workflow": "\xff\xfe"}',
    "null character": b'{"workflow": "a\\u0000b"}',
    "unknown field": b'{"workflow": {}, "x": 1}',
    "text for a number": b'{"workflow": {}, "priority": "1"}',
    "a fraction": b'{"workflow": {}, "priority": 3.9}',
    "out of range": b'{"workflow": {}, "priority": 101}',
    "huge whole number": b'{"workflow": {}, "priority": ' + b"9" * 5_000 + b"}",
    "an id with a path": b'{"workflow": {}, "id": "../../etc"}',
    "an id of ours": b'{"workflow": {}, "id": "a~1"}',
    "an empty document": b'{"workflow": {}}',
    "no name of a workflow": b'{"workflow": "nobody"}',
}

WORKFLOWS: dict[str, Any] = {
    "unknown type": document({"a": ["no.such", {}]}),
    "dangling link": document({"a": ["plain.pass", {"value": link("b.value")}]}),
    "dangling link beside the way": document(
        {"a": ["plain.number", {}], "b": ["plain.pass", {"value": link("gone.value")}]},
        outputs={"x": {"from": "a.value"}},
    ),
    "cycle": document(
        {"a": ["plain.pass", {"value": link("b.value")}], "b": ["plain.pass", {"value": link("a.value")}]}
    ),
    "wrong type": document({"a": ["plain.add", {"a": "one"}]}),
    "text for a switch": document({"a": ["plain.limited", {"switch": "false"}]}),
    "a fraction for a whole number": document({"a": ["plain.limited", {"steps": 3.9}]}),
    "out of range": document({"a": ["plain.limited", {"steps": 1_000_000_000_000}]}),
    "a name of the prototype": document({"__proto__": ["plain.number", {}]}),
    "a file outside": document({"a": ["plain.read", {"file": "../../../etc/passwd"}]}),
    "an absolute file": document({"a": ["plain.read", {"file": "/etc/passwd"}]}),
    "a missing file": document({"a": ["plain.read", {"file": "nothing.txt"}]}),
    "a missing asset": document({"a": ["plain.read", {"file": "assets:" + "0" * 64}]}),
    "an asset outside": document({"a": ["plain.read", {"file": "assets:../service.sqlite"}]}),
    "another format": {"format": "something", "version": 1},
    "a later version": {"format": "graphengine.workflow", "version": 99, "nodes": {}},
    "no nodes": document({}),
}

PATHS = [
    "/api/jobs/..%2f..%2fetc%2fpasswd",
    "/api/jobs/%00",
    "/api/jobs/%ff%fe",
    "/api/jobs/" + "a" * 5_000,
    "/api/results/../../../etc/passwd",
    "/api/results/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/api/results/..%5c..%5cservice.sqlite",
    "/api/results/" + "g" * 64,
    "/api/assets/" + "A" * 64,
    "/api/assets/" + "0" * 64,
    "/api/workflows/..%2f..%2f",
    "/api/workflows/__proto__",
    "//etc/passwd",
    "/api/jobs?limit=0",
    "/api/jobs?limit=NaN",
    "/api/jobs?limit=1&limit=2",
    "/api/jobs?cursor=xyz",
    "/api/jobs?state=odd",
    "/api/jobs?after=yesterday",
    "/api/jobs?after=2026-01-01T00:00:00",
    "/api/jobs?%00=1",
]

RAW = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a body that is shorter than it says": b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{}",
    "two lengths": b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 2\r\nContent-Length: 50\r\n\r\n{}",
    "a length and chunks": b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a wrong chunk": b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n",
    "two hosts": b"GET /api/jobs HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "no host": b"GET /api/jobs HTTP/1.1\r\n\r\n",
    "a negative length": b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_wrong_body_is_refused(client: Client, name: str) -> None:
    reply = await client.ask("POST", "/api/jobs", data=BODIES[name], headers=JSON)
    assert 400 <= reply.status < 500, reply.data
    assert_decent(reply.data)
    await client.canary()


@pytest.mark.parametrize("name", WORKFLOWS)
async def test_a_wrong_workflow_is_refused(client: Client, name: str) -> None:
    reply = await client.ask("POST", "/api/jobs", {"workflow": WORKFLOWS[name]})
    assert reply.status == 422
    assert_decent(reply.data)
    plan = await client.ask("POST", "/api/plan", {"workflow": WORKFLOWS[name]})
    assert plan.status == 200
    assert plan.data["problems"]
    await client.canary()


@pytest.mark.parametrize("path", PATHS)
async def test_a_wrong_place_is_refused(client: Client, path: str) -> None:
    head, body = await raw(client, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert head.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400", b"HTTP/1.1 422"))
    assert_decent(json.loads(body))
    await client.canary()


@pytest.mark.parametrize("name", RAW)
async def test_what_is_hardly_http_harms_nobody(client: Client, name: str) -> None:
    head, body = await raw(client, RAW[name])
    assert not head.startswith(b"HTTP/1.1 2")
    assert b"Traceback" not in body
    await client.canary()


async def test_a_large_body_is_refused_unread(client: Client) -> None:
    body = io.BytesIO(json.dumps({"workflow": {"x": "a" * 9_000_000}}).encode())
    reply = await client.ask("POST", "/api/jobs", data=body, headers=JSON)
    assert (reply.status, reply.data["code"]) == (413, "too_large")

    async def chunks() -> Any:
        for _ in range(9):
            yield b"a" * 1_000_000

    reply = await client.ask("POST", "/api/jobs", data=chunks(), headers=JSON)
    assert (reply.status, reply.data["code"]) == (413, "too_large")
    await client.canary()


async def test_a_long_chain_is_legal(client: Client) -> None:
    nodes: dict[str, Any] = {"n0": ["plain.number", {"value": 1.0}]}
    for index in range(1, 2_000):
        nodes[f"n{index}"] = ["plain.pass", {"value": link(f"n{index - 1}.value")}]
    job = await client.submit(document(nodes, outputs={"end": {"from": "n1999.value"}}))
    assert (await client.ended(job["id"]))["result"]["outputs"]["end"]["value"] == 1.0


async def test_bytes_of_another_digest_are_not_kept(client: Client) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    reply = await client.ask("PUT", f"/api/assets/{'0' * 64}", data=b"x", headers=headers)
    assert (reply.status, reply.data["code"]) == (422, "wrong_digest")
    assert (await client.ask("GET", f"/api/assets/{'0' * 64}")).status == 404


async def test_files_that_could_act_are_only_saved(client: Client) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    for content in (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<script>alert(1)</script>"):
        digest = hashlib.sha256(content).hexdigest()
        await client.ask("PUT", f"/api/assets/{digest}", data=content, headers=headers)
        reply = await client.ask("GET", f"/api/assets/{digest}")
        assert reply.headers["Content-Type"] == "application/octet-stream"
        assert reply.headers["Content-Disposition"].startswith("attachment")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in reply.headers["Content-Security-Policy"]


async def test_a_plain_job_is_what_the_canary_is(client: Client) -> None:
    assert (await client.ended((await client.submit(three()))["id"]))["state"] == "done"


def assert_decent(told: Any) -> None:
    """What clients hear has one form, and tells nothing of the machine."""
    assert set(told) >= {"type", "title", "status", "code", "detail"}
    text = json.dumps(told)
    assert "Traceback" not in text
    assert tempfile.gettempdir() not in text
    assert str(Path.home()) not in text
    assert "sqlite3" not in text


async def raw(client: Client, content: bytes) -> tuple[bytes, bytes]:
    """Send bytes as they are, and return the head and the body of what comes back, if anything does."""
    found = urlsplit(client.address)
    reader, writer = await asyncio.open_connection(found.hostname, found.port)
    writer.write(content)
    await writer.drain()
    if b"Content-Length: 100" in content:
        writer.write_eof()
    try:
        async with asyncio.timeout(60):
            reply = await reader.read(100_000)
    except TimeoutError:
        reply = b""
    writer.close()
    head, _, body = reply.partition(b"\r\n\r\n")
    return head, body
