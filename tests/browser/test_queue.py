"""The queue is put in another order and emptied; a field is swept, and its results make a grid."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from editing import LONG, Editor
from playwright.async_api import Browser, expect
from servers import ServerProcess, document


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    server = ServerProcess(tmp_path / "data")
    yield server
    server.kill()


@pytest.fixture
async def quick(browser: Browser, server: ServerProcess) -> AsyncIterator[Editor]:
    """An editor before a server whose nodes take no time."""
    page = await browser.new_page(viewport={"width": 1600, "height": 900}, color_scheme="dark")
    editor = Editor(page, Path(__file__).parent / "screenshots")
    await editor.open(await server.start())
    picture = document(
        {"disc": ["media.picture", {"hue": 0}]}, title="Disc", view={"nodes": {"disc": {"x": 0, "y": 0}}}
    )
    await editor.drop("disc.json", json.dumps(picture).encode())
    await expect(editor.node("disc")).to_be_visible()
    yield editor
    await page.close()
    assert editor.complaints == []


async def upcoming(editor: Editor) -> list[str]:
    told = await editor.page.request.get(f"{editor.page.url.split('#')[0]}api/queue/upcoming")
    found: dict[str, Any] = await told.json()
    return [job["title"] for job in found["jobs"]]


async def test_what_waits_is_moved_and_cancelled(quick: Editor) -> None:
    page = quick.page
    await page.get_by_role("button", name="Pause").click()
    await expect(page.locator(".queue h2")).to_contain_text("paused")
    for title in ("one", "two", "three"):
        await page.locator(".inspector").get_by_role("textbox", name="Title").fill(title)
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".job", has_text=title)).to_be_visible()
    assert await upcoming(quick) == ["one", "two", "three"]

    await page.locator(".job", has_text="three").locator(".grip").drag_to(page.locator(".job", has_text="one"))
    await expect(page.locator(".job").first).to_contain_text("three")
    assert await upcoming(quick) == ["three", "one", "two"]
    await page.get_by_role("button", name="Move three, 1 of 3").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator(".job").first).to_contain_text("one")
    assert await upcoming(quick) == ["one", "three", "two"]
    await quick.shoot("queue")
    assert await quick.violations() == []

    await page.get_by_role("button", name="Cancel all").click()
    await expect(page.locator(".job")).to_have_count(0)
    assert await upcoming(quick) == []
    await page.get_by_role("button", name="Go on").click()


async def test_a_sweep_makes_a_grid(quick: Editor) -> None:
    page = quick.page
    await quick.node("disc").locator("header").click()
    await page.get_by_role("button", name="Sweep hue").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox", name="Values of the columns").fill("0..240:3")
    await dialog.get_by_role("combobox", name="Field of the rows").select_option("disc.size")
    await dialog.get_by_role("textbox", name="Values of the rows").fill("64, 96")
    await expect(dialog).to_contain_text("6 runs")
    await quick.shoot("sweep-form")
    assert await quick.violations() == []
    await dialog.get_by_role("button", name="Run the sweep").click()
    await expect(dialog.locator("td img")).to_have_count(6, timeout=LONG)
    assert await dialog.locator("thead th").all_inner_texts() == ["0", "120", "240"]
    await page.wait_for_function("() => [...document.querySelectorAll('td img')].every(each => each.naturalWidth > 0)")
    sizes = await dialog.locator("td img").evaluate_all("all => all.map(each => each.naturalWidth)")
    assert sizes == [64, 64, 64, 96, 96, 96]
    assert len(set(await dialog.locator("td img").evaluate_all("all => all.map(each => each.src)"))) == 6
    await quick.shoot("sweep-dark")
    assert await quick.violations() == []
    await page.emulate_media(color_scheme="light")
    await quick.shoot("sweep-light")
    assert await quick.violations() == []
    await page.keyboard.press("Escape")
    document = await quick.document()
    assert document["nodes"]["disc"]["inputs"] == {"hue": 0}  # the document is as it was
