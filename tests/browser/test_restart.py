"""The server is killed in mid-run and started again: the editor comes back by itself, and misses nothing."""

import json
import re
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
from editing import LONG, Editor
from playwright.async_api import Browser, Page, WebSocket, expect
from servers import ServerProcess, document, link

from graphengine.service.events import Scope
from graphengine.service.store import Store

ABSENCE = re.compile("net::ERR_CONNECTION_REFUSED|WebSocket connection to")
"""What the browser says of a server that is not there."""


class Log:
    """The numbered entries that a page was told, over all of its connections."""

    def __init__(self, page: Page) -> None:
        self.connections = 0
        self.entries: list[tuple[int, str, str]] = []
        page.on("websocket", self._opened)

    def _opened(self, connection: WebSocket) -> None:
        self.connections += 1
        connection.on("framereceived", self._heard)

    def _heard(self, frame: bytes | str) -> None:
        assert isinstance(frame, bytes)
        told = msgpack.unpackb(frame)
        if told["type"] == "event":
            self.entries.append((told["seq"], told["kind"], told["job"]))


def stages(count: int) -> dict[str, Any]:
    """Return stages one after another; the second takes four seconds, and what comes last writes a file."""
    nodes: dict[str, Any] = {"s0": ["plain.steps", {"count": 40, "pause": 0.01}]}
    for index in range(1, count):
        pause = 0.1 if index == 1 else 0.01
        nodes[f"s{index}"] = ["plain.steps", {"count": link(f"s{index - 1}.value"), "pause": pause}]
    nodes["show"] = ["plain.show", {"value": link(f"s{count - 1}.value")}]
    nodes["write"] = ["plain.write", {"text": link("show.value")}]
    return document(nodes, title="Stages")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    server = ServerProcess(tmp_path / "data", "--port", str(free_port()))
    yield server
    server.kill()


async def test_killed_in_mid_run(browser: Browser, server: ServerProcess, tmp_path: Path) -> None:
    page = await browser.new_page(viewport={"width": 1600, "height": 900})
    editor = Editor(page, Path(__file__).parent / "screenshots")
    log = Log(page)
    address = await server.start()
    await editor.open(address)
    await editor.drop("stages.json", json.dumps(stages(3)).encode())
    await expect(page.locator("button.run")).to_contain_text("of 5 nodes")
    await page.locator("button.run").click()
    await expect(editor.node("s1").locator(".word")).to_contain_text("/40", timeout=LONG)

    await server.stop(signal.SIGKILL)
    await expect(page.get_by_text("Reconnecting…")).to_be_visible(timeout=LONG)
    await editor.fill("s0", "pause", "0.02")  # work goes on meanwhile
    await editor.shoot("reconnecting")
    assert await server.start() == address
    await expect(page.get_by_text("Reconnecting…")).to_have_count(0, timeout=LONG)
    await expect(page.locator(".timeline h2")).to_contain_text("done", timeout=LONG)
    await expect(page.locator(".job")).to_have_count(0)
    assert await page.locator('[id="s0.pause"]').input_value() == "0.02"
    rows = await page.locator(".timeline li").all_inner_texts()  # a name, and below it the memory that it took
    assert {row.splitlines()[0] for row in rows} == {"s0", "s1", "s2", "show", "write"}
    await expect(page.locator(".timeline rect.cached")).to_have_count(1)  # the stage that was done before
    await editor.shoot("went-on")
    await page.close()
    await server.stop()

    assert log.connections > 1
    store = await Store.open(tmp_path / "data")
    entries = (await store.events.since(0, Scope())).entries
    await store.close()
    assert log.entries == [(each.seq, each.kind, each.job) for each in entries]  # each once, and in order
    assert [each.kind for each in entries].count("started") == 2
    assert [text for text in editor.complaints if not ABSENCE.search(text)] == []
