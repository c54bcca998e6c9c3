"""A real browser before a real server with the embedded model; whatever the browser complains of fails the test."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
from editing import TEXT_TO_IMAGE, Editor
from playwright.async_api import Browser, async_playwright, expect

from graphengine.server.page import BUILT

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=30_000)  # of a busy machine
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        pytest.skip("there is no Chromium on this machine")
    if not (BUILT / "index.html").exists():
        pytest.skip("the editor is not built: python frontend/build.py")
    return found


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Run a server of its own, with the built-in pack, and give its address."""
    command = [sys.executable, "-m", "graphengine", "serve", "--port", "0", "--data-dir", str(folder)]
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "GRAPHENGINE_GRACE_SECONDS": "1"}
    )
    assert server.stdout is not None
    found = re.search(r"http://\S+", server.stdout.readline())
    assert found is not None
    yield found[0]
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=60)


@pytest.fixture(scope="session")
def shared_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that the tests share."""
    with serving(tmp_path_factory.mktemp("service")) as address:
        yield address


@pytest.fixture
def address(request: pytest.FixtureRequest, shared_address: str, tmp_path: Path) -> Iterator[str]:
    """The address of a server; a test that is tried again gets one with empty caches, and sees its work done again."""
    if getattr(request.node, "execution_count", 1) == 1:
        yield shared_address
        return
    with serving(tmp_path / "again") as address:
        yield address


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def editor(request: pytest.FixtureRequest, browser: Browser, address: str) -> AsyncIterator[Editor]:
    context = await browser.new_context(viewport={"width": 1600, "height": 900}, color_scheme="dark")
    context.set_default_timeout(30_000)
    editor = Editor(await context.new_page(), Path(__file__).parent / "screenshots")
    await editor.open(address)
    yield editor
    await editor.shoot(f"end-{request.node.name}")
    await context.close()
    await cancel_all(address)
    assert editor.complaints == []


async def cancel_all(address: str) -> None:
    """Leave nothing in the queue to the next test."""
    async with aiohttp.ClientSession(address) as http:
        for state in ("queued", "running"):
            async with http.get(f"/api/jobs?limit=1000&state={state}") as reply:
                jobs = (await reply.json())["jobs"]
            for job in jobs:
                async with http.post(f"/api/jobs/{job['id']}/cancel", json={}) as reply:
                    assert reply.status in {200, 409}, await reply.text()


@pytest.fixture
async def opened(editor: Editor) -> Editor:
    """An editor with the text-to-image workflow, and a plan of it."""
    await editor.drop(TEXT_TO_IMAGE.name, TEXT_TO_IMAGE.read_bytes())
    await expect(editor.node("sample")).to_be_visible()
    await expect(editor.page.locator("button.run")).to_contain_text("of 7 nodes")
    return editor
