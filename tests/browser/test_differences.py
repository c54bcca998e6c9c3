"""What differs between two documents: marked on the canvas, and told in a list."""

import json

import pytest
from editing import TEXT_TO_IMAGE, Editor, box_of
from playwright.async_api import expect

pytestmark = pytest.mark.torch


SHIFTED = """([text, name]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const how = { dataTransfer: data, bubbles: true, cancelable: true, shiftKey: true };
  window.dispatchEvent(new DragEvent("drop", how));
}"""


async def test_a_document_is_compared_with_a_file(editor: Editor) -> None:
    page = editor.page
    old = json.loads(TEXT_TO_IMAGE.read_text())
    await editor.drop(TEXT_TO_IMAGE.name, TEXT_TO_IMAGE.read_bytes())
    await expect(editor.node("sample")).to_be_visible()
    before = old["nodes"]["positive"]["inputs"]["text"]
    after = f"{before} at night"
    await page.locator('[id="positive.text"]').fill(after)
    await editor.fill("sample", "steps", "9")
    await editor.node("negative").locator("header").click()
    await page.keyboard.press("Shift+Delete")
    await editor.add("primitive.int", 700, 660)

    await page.evaluate(SHIFTED, [TEXT_TO_IMAGE.read_text(), "before.json"])
    panel = page.get_by_label("Differences")
    await expect(panel).to_contain_text("Since before.json")
    await expect(panel.locator("li.is-added")).to_contain_text("int")
    await expect(panel.locator(".nodes li.is-removed")).to_contain_text("negative")
    steps = panel.locator("li.is-changed", has_text="sample").locator("dd").last
    await expect(steps.locator("del")).to_have_text(str(old["nodes"]["sample"]["inputs"]["steps"]))
    await expect(steps.locator("ins")).to_have_text("9")
    await expect(panel.locator("li", has_text="positive").locator("ins")).to_have_text(" at night")
    entry = panel.locator(".entries li")
    await expect(entry.locator("small")).to_have_text("removed · input")
    await expect(entry.locator("dt")).to_have_text(["goes to", "title"])
    await expect(entry.locator("del")).to_have_text(["negative.text", "Negative prompt"])
    for mark, count in (("added", 1), ("removed", 1), ("changed", 2)):
        await expect(page.locator(f".diff-mark.is-{mark}")).to_have_count(count)
    await expect(page.locator(".diff-mark.is-removed")).to_contain_text("Encode text")
    await editor.command("Look at everything")
    await box_of(editor.node("sample"))
    await editor.shoot("differences-dark")
    assert await editor.violations() == []
    await page.emulate_media(color_scheme="light")
    await editor.shoot("differences-light")
    assert await editor.violations() == []

    await editor.fill("sample", "steps", str(old["nodes"]["sample"]["inputs"]["steps"]))  # it goes with the hands
    await expect(panel.locator("li.is-changed", has_text="sample").locator("dt")).to_have_text(["negative"])
    await panel.get_by_role("button", name="positive").click()
    await expect(page.locator(".react-flow__node.selected")).to_have_attribute("data-id", "positive")
    await panel.get_by_role("button", name="Stop comparing").click()
    await expect(page.locator(".diff-mark")).to_have_count(0)
    await expect(page.get_by_label("Inspector")).to_be_visible()


async def test_two_versions_of_the_library_are_compared(editor: Editor) -> None:
    page = editor.page
    await editor.drop(TEXT_TO_IMAGE.name, TEXT_TO_IMAGE.read_bytes())
    await editor.listen()
    for number, steps in enumerate(("12", "21"), 1):
        await editor.fill("sample", "steps", steps)
        await page.keyboard.press("Control+s")
        if number == 1:
            await page.get_by_role("textbox", name="Name", exact=True).fill("Compared")
            await page.get_by_role("dialog").get_by_role("button", name="Save").click()
        await editor.hear(f"Saved “Compared”, version {number}")
    await editor.fill("sample", "steps", "30")
    await editor.command("Versions…")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Before: version 1", exact=True).check()
    await dialog.get_by_label("After: version 2", exact=True).check()
    await editor.shoot("versions-compared")
    assert await editor.violations() == []
    await dialog.get_by_role("button", name="Compare").click()
    panel = page.get_by_label("Differences")
    await expect(panel).to_contain_text("Since version 1")
    await expect(panel.locator("dd")).to_have_text(["12 21"])

    await page.locator(".tab button", has_text="Compared").first.click()  # mine is as it was, and not compared
    await expect(panel).to_have_count(0)
    await expect(page.locator('[id="sample.steps"]')).to_have_value("30")
    await page.keyboard.press("Escape")
    await editor.command("Compare with…")
    await editor.shoot("compare-with")
    assert await editor.violations() == []
    await dialog.locator(".choices button").first.click()
    await expect(panel.locator("dd")).to_have_text(["21 30"])
    await expect(panel.get_by_role("status")).to_have_text("~ 1 changed")


async def test_the_workflows_of_two_results_are_compared(editor: Editor) -> None:
    page = editor.page
    await editor.drop(TEXT_TO_IMAGE.name, TEXT_TO_IMAGE.read_bytes())
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")
    for steps in ("2", "3"):
        await editor.fill("sample", "steps", steps)
        await editor.run()
    await editor.fill("sample", "steps", "4")
    await page.locator(".results button").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Differences").click()
    panel = page.get_by_label("Differences")
    await expect(panel.locator("dd")).to_have_text(["3 4"])
    await page.locator(".results button").first.click()
    await dialog.get_by_role("button", name="Compare with #").click()
    await editor.shoot("result-compare")
    await dialog.get_by_role("button", name="Differences").click()
    await expect(page.locator(".tab")).to_have_count(2)
    await expect(panel.locator("dd")).to_have_text(["2 3"])
