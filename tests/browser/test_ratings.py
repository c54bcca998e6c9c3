"""What people think of results is said where they are looked at, kept, and taken back."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from editing import LONG, Editor
from playwright.async_api import Browser, expect
from servers import ServerProcess, document


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    server = ServerProcess(tmp_path / "data")
    yield server
    server.kill()


async def test_stars_and_pairs(browser: Browser, server: ServerProcess) -> None:
    page = await browser.new_page(viewport={"width": 1600, "height": 900}, color_scheme="dark")
    editor = Editor(page, Path(__file__).parent / "screenshots")
    address = await server.start()
    await editor.open(address)
    nodes = {"red": ["media.picture", {"hue": 0}], "blue": ["media.picture", {"hue": 220, "size": 97}]}
    view = {"nodes": {"red": {"x": 0, "y": 0}, "blue": {"x": 260, "y": 0}}}
    await editor.drop("pictures.json", json.dumps(document(nodes, title="Pictures", view=view)).encode())
    await page.locator("button.run").click()
    await expect(page.locator(".results .grid button")).to_have_count(2, timeout=LONG)

    await page.locator(".results button:has(img)").first.click()
    stars = page.get_by_role("group", name="Your rating").get_by_role("button")
    await stars.nth(3).click()
    await expect(stars.nth(3)).to_have_attribute("aria-pressed", "true")
    await stars.nth(1).click()
    await expect(page.get_by_role("button", name="2 stars")).to_have_attribute("aria-pressed", "true")
    await editor.shoot("stars")
    assert await editor.violations() == []

    await page.get_by_role("button", name="Compare with #").click()
    left = page.get_by_role("button", name="The left")
    await left.click()
    await expect(left).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="Neither").click()
    await expect(page.get_by_role("button", name="Neither")).to_have_attribute("aria-pressed", "true")
    await expect(left).to_have_attribute("aria-pressed", "false")
    await left.click()
    await expect(left).to_have_attribute("aria-pressed", "true")
    await editor.shoot("better")
    assert await editor.violations() == []
    table = await page.request.get(f"{address}/api/ratings.csv")
    lines = (await table.text()).splitlines()
    assert len(lines) == 3
    assert ",2,," in lines[1]

    await page.reload()
    await expect(page.locator(".results .grid button")).to_have_count(2, timeout=LONG)
    await page.locator(".results button:has(img)").first.click()
    await expect(page.get_by_role("button", name="2 stars")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="2 stars").click()
    await expect(page.get_by_role("button", name="2 stars")).to_have_attribute("aria-pressed", "false")
    await page.get_by_role("button", name="Compare with #").click()
    await expect(page.get_by_role("button", name="The left")).to_have_attribute("aria-pressed", "true")
    assert len((await (await page.request.get(f"{address}/api/ratings.csv")).text()).splitlines()) == 2
    await page.close()
    assert editor.complaints == []
