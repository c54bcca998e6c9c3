"""The websocket as clients find it that break the rules: each is told or sent away, and the next one is served."""

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import msgpack
import pytest
from frames import LIES, TRAPS
from stores import DOCUMENT, submission
from streaming import Service, connected, settled

from graphengine.server.access import Caller
from graphengine.server.messages import JSON, MSGPACK
from graphengine.server.views import Refusal
from graphengine.server.wire import MOST_BYTES


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(tmp_path / "data")
    await service.start()
    yield service
    await service.stop()


async def canary(service: Service) -> None:
    """A job of somebody else completes within five seconds."""
    async with asyncio.timeout(60), connected(service, "canary") as raw:
        job = (await raw.ask("submit", workflow=DOCUMENT))["result"]["job"]
        await raw.socket.send_json({"type": "subscribe", "id": "s", "to": "job", "job": job["id"], "since": job["seq"]})
        await raw.until("finished", job["id"])


@pytest.mark.parametrize("content", TRAPS.values(), ids=TRAPS)
async def test_wrong_json_is_answered_and_the_connection_goes_on(service: Service, content: str) -> None:
    async with connected(service) as raw:
        await raw.socket.send_str(content)
        assert (await raw.told())["problem"]["code"] == "malformed_message"
        assert (await raw.ask("ping"))["result"] == {}
        await canary(service)


@pytest.mark.parametrize("content", LIES.values(), ids=LIES)
async def test_wrong_msgpack_is_answered_and_the_connection_goes_on(service: Service, content: bytes) -> None:
    async with connected(service, protocols=[MSGPACK]) as raw:
        await raw.socket.receive_bytes()
        await raw.socket.send_bytes(content)
        assert msgpack.unpackb(await raw.socket.receive_bytes())["problem"]["code"] == "malformed_message"
        await raw.socket.send_bytes(msgpack.packb({"type": "ping", "id": "1"}))
        assert msgpack.unpackb(await raw.socket.receive_bytes())["result"] == {}
        await canary(service)


async def test_a_frame_of_the_other_kind_ends_the_connection(service: Service) -> None:
    async with connected(service) as raw:
        await raw.socket.send_bytes(b"{}")
        assert (await raw.socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert raw.socket.close_code == aiohttp.WSCloseCode.UNSUPPORTED_DATA
    await canary(service)


async def test_a_message_beyond_the_limit_ends_the_connection(service: Service) -> None:
    async with connected(service) as raw:
        with suppress(aiohttp.ClientError, OSError):  # the service may be gone before all is sent
            await raw.socket.send_str(" " * (MOST_BYTES + 1))
        ended = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert (await raw.socket.receive(timeout=60)).type in ended
    await canary(service)


async def test_an_unknown_subprotocol_is_refused_and_none_is_json(service: Service) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with connected(service, protocols=["soap"]):
            pass
    assert refused.value.status == 400
    async with connected(service, protocols=["soap", JSON]) as raw:
        assert raw.socket.protocol == JSON
    async with connected(service, protocols=[]) as raw:
        assert (await raw.ask("ping"))["result"] == {}


def frame(opcode: int, payload: bytes, *, final: bool = True, claimed: int | None = None) -> bytes:
    """A frame as a client sends it, perhaps one that lies about its length."""
    length = struct.pack(">BQ", 0xFF, len(payload) if claimed is None else claimed)
    mask = os.urandom(4)
    masked = bytes(each ^ mask[index % 4] for index, each in enumerate(payload))
    return bytes([opcode | (0x80 if final else 0)]) + length + mask + masked


BROKEN: dict[str, bytes] = {
    "a fragment that nothing follows": frame(1, b'{"type":', final=False),
    "fragments without an end": frame(1, b"[", final=False) + frame(0, b"[", final=False) * 2_000,
    "a continuation of nothing": frame(0, b"{}"),
    "another message within a fragment": frame(1, b"{", final=False) + frame(1, b"{}"),
    "a length that lies": frame(1, b"{}", claimed=2**20),
    "a length beyond everything": frame(1, b"{}", claimed=2**63 - 1),
    "a frame without a mask": b"\x81\x02{}",
    "an unknown opcode": frame(11, b"{}"),
    "reserved bits": bytes([frame(1, b"{}")[0] | 0x70]) + frame(1, b"{}")[1:],
    "a ping that is too long": frame(9, b"p" * 200),
    "no UTF-8": frame(1, b"\xff\xfe"),
    "a close of one byte": frame(8, b"\x03"),
    "noise": os.urandom(4_096),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
async def test_broken_frames_hurt_nobody_else(service: Service, content: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    writer.write(f"GET /api/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n".encode())
    assert b"101" in await reader.readline()
    writer.write(content)
    await canary(service)
    writer.close()
    await settled(lambda: not service.connections)
    assert service.hub.streams == set()


IMPOSSIBLE: list[dict[str, Any]] = [{"since": 2**63 - 1}, {"since": 10**6}, {"since": 0, "epoch": "another"}]


@pytest.mark.parametrize("place", IMPOSSIBLE)
async def test_an_impossible_place_ends_in_one_resync(service: Service, place: dict[str, Any]) -> None:
    async with connected(service) as raw:
        await raw.ask("submit", job="one", workflow=DOCUMENT, inputs={"wait": True})
        reply = await raw.ask("subscribe", "s", to="own", **place)
        assert reply["result"]["resync"] is True
        resync = await raw.told()
        assert (resync["type"], resync["subscriptions"], resync["complete"]) == ("resync", ["s"], True)
        assert [job["id"] for job in resync["jobs"]] == ["one"]
        await raw.ask("cancel", "c", job="one")
        told = []
        await raw.socket.send_json({"type": "get", "id": "g", "job": "one"})
        while (told and told[-1].get("kind")) != "finished":
            told.append(await raw.told())
        assert [each for each in told if each["type"] == "resync"] == []
        await canary(service)


async def test_who_may_not_is_refused(service: Service) -> None:
    service.caller = Caller("ann", "read")
    async with connected(service) as raw:
        assert (await raw.ask("submit", workflow=DOCUMENT))["problem"]["code"] == "forbidden"
        assert (await raw.ask("list"))["result"]["jobs"] == []
        service.caller = Caller("ann", "submit")
    async with connected(service) as raw:
        assert (await raw.ask("pause"))["problem"]["code"] == "forbidden"
        assert "result" in await raw.ask("submit", workflow=DOCUMENT)


async def test_a_job_of_somebody_else_may_be_seen_and_not_touched(service: Service) -> None:
    await service.store.queue.submit(submission("hers", "eve", inputs={"wait": True}))
    service.caller = Caller("ann", "submit")
    async with connected(service) as raw:
        assert (await raw.ask("get", job="hers"))["result"]["job"]["owner"] == "eve"
        for asked in ("cancel", "retry", "move"):
            assert (await raw.ask(asked, job="hers"))["problem"]["code"] == "forbidden"
        service.caller = Caller("root", "admin")
    async with connected(service) as raw:
        assert "result" in await raw.ask("cancel", job="hers")


async def test_every_request_has_its_reply(service: Service) -> None:
    async with connected(service) as raw:
        assert (await raw.ask("pause"))["result"] == {"paused": True}
        for job in ("one", "two"):
            assert (await raw.ask("submit", job=job, workflow=DOCUMENT))["result"]["created"] is True
        assert (await raw.ask("move", job="two", before="one"))["result"]["job"]["id"] == "two"
        assert (await raw.ask("move", job="one"))["result"]["job"]["id"] == "one"
        page = (await raw.ask("list", own=True, limit=1))["result"]
        assert ([job["id"] for job in page["jobs"]], page["cursor"] is None) == (["two"], False)
        assert (await raw.ask("cancel", job="two"))["result"]["job"]["state"] == "cancelled"
        assert (await raw.ask("retry", job="two"))["result"]["job"]["state"] == "queued"
        assert (await raw.ask("get", job="zero"))["problem"]["code"] == "not_found"
        assert (await raw.ask("submit", workflow={"nodes": 1}))["problem"]["code"] == "invalid_workflow"
        assert (await raw.ask("pause", paused=False))["result"] == {"paused": False}
        assert (await raw.ask("subscribe", "s"))["problem"] is None
        assert (await raw.ask("subscribe", "s"))["problem"]["code"] == "conflict"
        assert (await raw.ask("unsubscribe", subscription="s"))["result"] == {"ended": True}
        assert (await raw.ask("unsubscribe", subscription="s"))["result"] == {"ended": False}


async def test_a_bug_in_a_request_ends_the_connection_and_nothing_else(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    answer = service.commands.answer

    async def broken(*_: Any) -> Refusal:
        raise LookupError("a bug")

    service.commands.answer = broken  # type: ignore[method-assign]
    async with connected(service) as raw:
        await raw.socket.send_json({"type": "get", "id": "1", "job": "one"})
        assert (await raw.socket.receive(timeout=60)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    service.commands.answer = answer  # type: ignore[method-assign]
    assert "a bug" in caplog.text
    await canary(service)
