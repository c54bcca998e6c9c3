"""Prompts: how many tokens they are, words that are offered, weights; and pictures where models are chosen."""

from pathlib import Path

import pytest
from editing import Editor, becomes
from playwright.async_api import expect

pytestmark = pytest.mark.torch


async def test_tokens_are_counted_and_words_are_offered(opened: Editor) -> None:
    page = opened.page
    field = page.locator('[id="positive.text"]')
    count = opened.node("positive").locator(".tokens")
    await field.fill("a red circle")
    await expect(count).to_have_text("3 / 30")
    await field.fill("a (red:1.3) circle")
    await expect(count).to_have_text("3 / 30")
    await field.fill("a red circle " * 11)
    await expect(count).to_have_text("33 / 60")
    await field.fill("")
    await expect(count).to_have_text("0 / 30")

    await field.press_sequentially("a tri")
    options = page.get_by_role("listbox", name="Words").get_by_role("option")
    await expect(options.first).to_have_text("triangle")
    await opened.shoot("prompt-dark")
    assert await opened.violations() == []
    await page.emulate_media(color_scheme="light")
    await opened.shoot("prompt-light")
    assert await opened.violations() == []
    await page.keyboard.press("Tab")
    await expect(field).to_have_value("a triangle")
    await expect(field).to_be_focused()
    await page.keyboard.type(" cir")
    await expect(options).not_to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(options).to_have_count(0)
    await expect(field).to_be_focused()
    await page.keyboard.press("Tab")  # now it leaves the field
    await expect(field).not_to_be_focused()
    await expect(field).to_have_value("a triangle cir")

    await field.fill("a red wolfhound")
    await becomes(opened.kept, lambda kept: any("wolfhound" in document for document in kept[0]))
    await page.reload()
    other = page.locator('[id="negative.text"]')
    await other.fill("")
    await other.press_sequentially("wolf")
    await expect(options.first).to_have_text("wolfhound")  # no model knows it: it was written before
    await options.first.click()
    await expect(other).to_have_value("wolfhound")
    await expect(other).to_be_focused()
    await page.keyboard.press("Control+ArrowUp")
    await expect(other).to_have_value("(wolfhound:1.05)")


async def test_a_model_is_chosen_by_its_picture(opened: Editor) -> None:
    page = opened.page

    async def told(route):  # type: ignore[no-untyped-def]
        answer = await route.fetch()
        listed = await answer.json()
        for model in listed["models"]:
            model["preview"] = "/api/models/one/preview"
        await route.fulfill(response=answer, json=listed)

    await page.route("**/api/models", told)
    picture = next((Path(__file__).parents[2] / "graphengine/diffusion/embedded/pictures").rglob("*.png"))
    await page.route("**/api/models/one/preview", lambda route: route.fulfill(path=picture))
    await page.reload()
    await opened.node("model").get_by_role("button", name="source: builtin:shapes-128").click()
    await page.wait_for_function("() => document.querySelector('.popover img')?.naturalWidth > 0")
    await opened.shoot("model-picker")
    assert await opened.violations() == []
