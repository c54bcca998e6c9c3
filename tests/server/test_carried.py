"""What files say of their origin: asked of files that are sent, and of those that are here."""

import asyncio
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from carrying import film, picture
from servers import Client, three

from graphengine.files.origin import LOCK, WORKFLOW

DOCUMENT = three() | {"title": "drei · 三", "view": {"large": 2**60}}
TOLD = {"graphengine": "0.1", "output": {"task": "save", "index": 0}}
TEXTS = {WORKFLOW: json.dumps(DOCUMENT), LOCK: json.dumps(TOLD)}
BYTES = {"Content-Type": "application/octet-stream"}


async def carried(client: Client, content: bytes) -> Any:
    reply = await client.ask("POST", "/api/carried", data=content, headers=BYTES)
    assert reply.status == 200, reply.data
    return reply.data


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "tiff", ".mp4", ".webm"])
async def test_every_kind_of_file_says_what_made_it(client: Client, data_dir: Path, tmp_path: Path, kind: str) -> None:
    content = film(tmp_path / f"film{kind}", json.dumps(TEXTS)) if kind.startswith(".") else picture(kind, TEXTS)
    assert await carried(client, content) == {"workflow": DOCUMENT, "lock": TOLD}
    assert await asyncio.to_thread(lambda: list(data_dir.rglob("*.part"))) == [], "nothing of it is kept"
    digest = hashlib.sha256(content).hexdigest()
    assert (await client.ask("GET", f"/api/carried/{digest}")).status == 404
    assert (await client.ask("PUT", f"/api/assets/{digest}", data=content, headers=BYTES)).status == 201
    assert await client.get(f"/api/carried/{digest}") == {"workflow": DOCUMENT, "lock": TOLD}


async def test_what_carries_nothing_says_so(client: Client, tmp_path: Path) -> None:
    nothing = {"workflow": None, "lock": None}
    for content in (
        b"{}",
        bytes(100),
        b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\nfile:///etc/passwd\n",
        b"\0\0\0\x14ftypisom" + b"#EXTM3U\n/etc/passwd\n",
        picture("png", TEXTS)[:60],
        picture("jpeg", {}),
        film(tmp_path / "film.mp4", "a holiday"),
    ):
        assert await carried(client, content) == nothing
    assert await carried(client, picture("webp", {WORKFLOW: json.dumps(DOCUMENT)})) == nothing | {"workflow": DOCUMENT}
    assert (await client.ask("POST", "/api/carried", data=b"", headers=BYTES)).status == 422
    await client.canary()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "is no JSON object"),
        ("{", "is wrong: the document is not JSON"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ('{"a": ' * 5_000, "is wrong"),
        (f"[{'1,' * 300_000}1]", "commas and colons"),
        (json.dumps({"a": "a" * 9_000_000}), "larger than"),
    ],
)
async def test_what_is_wrong_in_a_file_is_told(client: Client, text: str, message: str) -> None:
    content = io.BytesIO(picture("png", {WORKFLOW: text}))
    reply = await client.ask("POST", "/api/carried", data=content, headers=BYTES)
    assert (reply.status, reply.data["code"]) == (422, "unacceptable")
    assert message in reply.data["detail"]
    await client.canary()
