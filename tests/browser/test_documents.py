"""Where documents come from and where they go: templates, versions, closed tabs, and two who save at once."""

import json
from pathlib import Path

import pytest
from editing import Editor, becomes
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.torch

WORKFLOWS = Path(__file__).parents[2] / "workflows"


async def test_a_template_is_opened(editor: Editor) -> None:
    page = editor.page
    await page.get_by_role("button", name="Templates…").click()
    cards = page.locator(".gallery button")
    await expect(cards).to_have_count(len(list(WORKFLOWS.glob("*.json"))))
    await expect(cards.filter(has_text="Image to image")).to_contain_text("needs builtin:shapes-128")
    for picture in await page.locator(".gallery img").all():  # those out of sight are not loaded
        await picture.scroll_into_view_if_needed()
    await page.wait_for_function(
        "() => [...document.querySelectorAll('.gallery img')].every(each => each.naturalWidth > 0)"
    )
    assert await cards.locator("img").count() >= 1
    await editor.shoot("templates-dark")
    assert await editor.violations() == []
    await page.emulate_media(color_scheme="light")
    await editor.shoot("templates-light")
    assert await editor.violations() == []
    await page.get_by_role("textbox", name="Search").fill("seeds")
    await expect(cards).to_have_count(1)
    await page.get_by_role("textbox", name="Search").fill("made again after a text")
    await cards.first.click()
    await expect(editor.node("resize")).to_be_visible()
    assert await editor.document() == json.loads((WORKFLOWS / "image-to-image.json").read_text())


async def test_a_closed_tab_is_opened_again_and_a_version_restored(editor: Editor) -> None:
    page = editor.page
    await editor.drop("text-to-image.json", (WORKFLOWS / "text-to-image.json").read_bytes())
    await editor.fill("sample", "steps", "7")
    await becomes(editor.kept, lambda kept: any('"steps": 7' in version for version in kept[1]))
    await editor.fill("sample", "steps", "9")
    await page.keyboard.press("Alt+w")
    await expect(page.locator(".react-flow__node")).to_have_count(0)
    await page.reload()
    await page.wait_for_selector(".canvas")
    await page.keyboard.press("Alt+Shift+W")
    await expect(page.locator('[id="sample.steps"]')).to_have_value("9")

    await editor.command("Versions…")
    row = page.locator(".versions li").last
    await expect(row).to_contain_text("Set steps")
    await editor.shoot("versions")
    assert await editor.violations() == []
    await row.get_by_role("button", name="Restore").click()
    await expect(page.locator('[id="sample.steps"]')).to_have_value("7")
    await page.keyboard.press("Control+z")
    await expect(page.locator('[id="sample.steps"]')).to_have_value("9")


async def test_two_who_save_at_once_lose_nothing(editor: Editor, browser: Browser, address: str) -> None:
    page = editor.page
    await editor.drop("text-to-image.json", (WORKFLOWS / "text-to-image.json").read_bytes())
    await editor.fill("sample", "steps", "11")
    await editor.listen()
    await page.keyboard.press("Control+s")
    await page.get_by_role("textbox", name="Name", exact=True).fill("Shared")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await editor.hear("Saved “Shared”, version 1")

    context = await browser.new_context(viewport={"width": 1600, "height": 900})
    other = Editor(await context.new_page(), Path(__file__).parent / "screenshots")
    await other.open(address)
    await other.page.get_by_role("button", name="Library…").click()
    await other.page.locator(".library button", has_text="Shared").click()
    await other.fill("sample", "steps", "22")
    await other.listen()
    await other.page.keyboard.press("Control+s")
    await other.hear("Saved “Shared”, version 2")

    await editor.fill("sample", "steps", "33")
    await page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("“Shared” is already there")
    await expect(dialog).to_contain_text("Version 2 was saved")
    await editor.shoot("conflict")
    assert await editor.violations() == []
    await dialog.get_by_role("button", name="Open it beside mine").click()
    await expect(page.locator('[id="sample.steps"]')).to_have_value("22")
    await page.locator(".tab button", has_text="Shared").first.click()
    await expect(page.locator('[id="sample.steps"]')).to_have_value("33")
    await page.keyboard.press("Control+s")
    await dialog.get_by_role("button", name="Save mine as version 3").click()
    await editor.hear("Saved “Shared”, version 3")
    for version, steps in (("1", 11), ("2", 22), ("3", 33)):
        told = await page.request.get(f"{address.rstrip('/')}/api/workflows/Shared?version={version}")
        assert (await told.json())["document"]["nodes"]["sample"]["inputs"]["steps"] == steps
    await context.close()
    assert [text for text in editor.complaints if "409" not in text] == []  # the browser tells of the refusal
    editor.complaints.clear()
    assert other.complaints == []
