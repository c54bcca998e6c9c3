"""The app view: fields are starred in the graph, arranged, and used by somebody with a phone."""

import json
import re
from pathlib import Path

import pytest
from editing import LONG, TEXT_TO_IMAGE, Editor
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.torch

PHONE = {"width": 390, "height": 844}


async def test_from_stars_to_a_phone(editor: Editor, browser: Browser, address: str) -> None:
    page = editor.page
    workflow = json.loads(TEXT_TO_IMAGE.read_text()) | {"title": "Postcard", "inputs": {}, "description": ""}
    await editor.drop("postcard.json", json.dumps(workflow).encode())
    await expect(editor.node("sample")).to_be_visible()
    await editor.fill("sample", "steps", "4")
    for node, fields in (("positive", ["text"]), ("sample", ["steps", "cfg", "seed"])):
        await editor.node(node).locator("header").click()
        for name in fields:
            await page.get_by_role("button", name=f"Show in the app: {name}").click()
    await editor.shoot("starred")
    await editor.listen()
    await page.keyboard.press("Control+s")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await editor.hear("Saved “Postcard”, version 1")
    await expect(page.locator(".quiet-word")).to_contain_text([re.compile("^Saved")])  # just now, or seconds ago

    await page.get_by_role("button", name="App", exact=True).click()
    await expect(page).to_have_url(f"{address.rstrip('/')}/#/app/Postcard")
    await page.get_by_role("button", name="Arrange").click()
    await page.get_by_role("textbox", name="Name of text").fill("What to paint")
    for name in ("steps", "cfg"):
        await page.get_by_role("textbox", name=f"Group of {name}").fill("Details")
    await page.get_by_role("textbox", name="Highest of steps").fill("30")
    await page.get_by_role("textbox", name="Lowest of steps").fill("2")
    await page.get_by_role("button", name="Move seed up").click()
    await editor.shoot("app-arranging")
    assert await editor.violations() == []
    await page.get_by_role("button", name="Done").click()
    assert await page.locator(".form label").all_inner_texts() == ["What to paint", "seed", "steps", "cfg"]
    await expect(page.get_by_role("slider", name="steps")).to_have_attribute("max", "30")
    await editor.shoot("app-dark")
    assert await editor.violations() == []
    await page.emulate_media(color_scheme="light")
    await editor.shoot("app-light")
    assert await editor.violations() == []
    await page.keyboard.press("Control+s")
    await editor.hear("Saved “Postcard”, version 2")

    context = await browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark")
    phone = Editor(await context.new_page(), Path(__file__).parent / "screenshots")
    await phone.page.goto(f"{address.rstrip('/')}/#/app/Postcard")
    await phone.page.get_by_label("What to paint").fill("a red circle on a blue background")
    wide = await phone.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    await phone.shoot("app-phone")
    assert await phone.violations() == []
    await phone.page.get_by_role("button", name="Run", exact=True).tap()
    await expect(phone.page.locator(".outcome .viewer img")).to_be_visible(timeout=LONG)
    await expect(phone.page.locator(".under-way")).to_have_count(0, timeout=LONG)
    await phone.page.locator(".outcome .viewer").scroll_into_view_if_needed()
    await phone.shoot("app-phone-done")
    assert await phone.violations() == []
    await context.close()
    assert phone.complaints == []

    await page.get_by_role("button", name="Graph").click()
    document = await editor.document()
    assert document["inputs"]["text"] == {"to": ["positive.text"], "title": "What to paint"}
    assert list(document["inputs"]) == ["text", "steps", "seed", "cfg"]
