"""Keys that are changed in a dialog, and what they do then."""

import pytest
from editing import Editor
from playwright.async_api import expect

pytestmark = pytest.mark.torch


async def test_keys_are_changed_taken_and_reset(editor: Editor) -> None:
    page = editor.page
    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Undo")
    await editor.shoot("keys-dark")
    assert await editor.violations() == []
    await dialog.get_by_role("button", name="Add keys to “Align left edges”").click()
    await expect(dialog.get_by_label("Press the keys for")).to_be_focused()
    await page.keyboard.press("Control+Alt+l")
    await expect(dialog.locator("li[data-own=true]")).to_contain_text("Align left edges")

    await dialog.get_by_role("button", name="Add keys to “Add a node”").click()
    await page.keyboard.press("q")
    await expect(dialog.get_by_role("alert")).to_contain_text("does “Queue and results”.")
    await page.emulate_media(color_scheme="light")
    await editor.shoot("keys-light")
    assert await editor.violations() == []
    await dialog.get_by_role("button", name="Use it here").click()
    await dialog.get_by_label("Search").fill("queue")
    await expect(dialog.locator(".key-row")).to_have_count(1)
    await expect(dialog.locator(".key-row kbd")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)

    await page.keyboard.press("q")
    await expect(page.locator(".palette")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.reload()  # it is kept
    await page.wait_for_selector(".canvas")
    await page.keyboard.press("q")
    await expect(page.locator(".palette")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await dialog.get_by_role("button", name="Reset the keys of “Queue and results”").click()
    await expect(dialog.locator("li[data-own=true]")).to_have_count(1)
    await dialog.get_by_role("button", name="Reset all").click()
    await expect(dialog.locator("li[data-own=true]")).to_have_count(0)
    await page.keyboard.press("Escape")
    await page.keyboard.press("q")
    await expect(page.locator(".palette")).to_have_count(0)
    await expect(page.get_by_label("Open the dock")).to_be_visible()
