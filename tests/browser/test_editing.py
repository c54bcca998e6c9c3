"""Editing a document: what is wrong says so where it is, what is undone is as it was, and nothing is lost."""

import json
from pathlib import Path

import pytest
from editing import LONG, TEXT_TO_IMAGE, Editor
from playwright.async_api import expect

pytestmark = pytest.mark.torch

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


async def test_a_file_is_saved_as_it_was(opened: Editor) -> None:
    assert await opened.document() == json.loads(TEXT_TO_IMAGE.read_text())


async def test_a_broken_link_says_so_and_is_mended_by_a_click(opened: Editor) -> None:
    page = opened.page
    before = await opened.document()
    await opened.node("decode").locator("header").click()
    await page.locator(".field", has_text="vae").get_by_role("button", name="unplug").click()
    await expect(page.locator("button.run")).to_contain_text("1 problem")
    await page.locator("button.run").click()  # now it is told aloud
    await expect(opened.node("decode").locator(".word")).to_have_text("1 problem")
    await expect(opened.node("decode").locator(".row.wrong")).to_contain_text("vae — not connected")
    await opened.shoot("problem")
    await opened.node("decode").get_by_role("button", name="Connect to “Load model”").click()
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")
    after = await opened.document()
    assert after == before


async def test_undo_and_redo_give_the_same_bytes(opened: Editor) -> None:
    page = opened.page
    texts = [json.dumps(await opened.document())]
    await opened.node("canvas").locator("header").click()
    for act in ("b", "m", "c", "Control+d", "Delete"):
        await page.keyboard.press(act)
        texts.append(json.dumps(await opened.document()))
    assert len(set(texts)) == len(texts) - 1  # what was duplicated was deleted again
    for text in reversed(texts[:-1]):
        await page.keyboard.press("Control+z")
        assert json.dumps(await opened.document()) == text
    for text in texts[1:]:
        await page.keyboard.press("Control+Shift+z")
        assert json.dumps(await opened.document()) == text


async def test_a_reload_in_mid_edit_and_in_mid_run_loses_nothing(opened: Editor) -> None:
    page = opened.page
    await opened.fill("sample", "steps", "150")
    await opened.fill("sample", "seed", "18446744073709551615")
    await page.locator("button.run").click()
    await expect(opened.node("sample").locator(".word")).to_contain_text("/150", timeout=LONG)
    await page.locator('[id="positive.text"]').fill("edited at the last moment")
    await page.reload()
    await expect(page.locator('[id="positive.text"]')).to_have_value("edited at the last moment")
    await expect(page.locator('[id="sample.seed"]')).to_have_value("18446744073709551615")
    await expect(opened.node("sample").locator(".word")).to_contain_text("/150")
    await page.get_by_role("button", name="Cancel Text to image").click()
    await expect(page.locator(".job")).to_have_count(0, timeout=LONG)


async def test_nodes_go_from_tab_to_tab_as_text(opened: Editor) -> None:
    page = opened.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await opened.page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
    await page.keyboard.press("Control+a")
    await page.keyboard.press("Control+c")
    await page.keyboard.press("Alt+n")
    await expect(page.locator(".react-flow__node")).to_have_count(0)
    await page.keyboard.press("Control+v")
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")
    pasted = await opened.document()
    assert pasted["nodes"] == json.loads(TEXT_TO_IMAGE.read_text())["nodes"]


async def test_a_result_opens_the_workflow_that_made_it(opened: Editor) -> None:
    page = opened.page
    await opened.fill("sample", "steps", "4")
    await opened.run()
    made = await opened.document()
    picture = await page.locator(".results img").first.get_attribute("src")
    content = await (await page.request.get(f"{page.url.rstrip('/')}{picture}")).body()
    await opened.drop("result.png", content)
    await expect(page.locator(".tab")).to_have_count(2)
    assert (await opened.document())["nodes"] == made["nodes"]


async def test_by_keys_alone(editor: Editor) -> None:
    page = editor.page
    await page.keyboard.press("Space")
    await editor.choose("primitive.int")
    await expect(editor.node("int")).to_be_visible()
    await page.keyboard.press("Shift+A")
    await editor.choose("math.round")
    await expect(editor.node("round")).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("Undo")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_accessible_in_dark_and_light(opened: Editor) -> None:
    page = opened.page
    await opened.node("sample").locator("header").click()
    told: list[str] = []
    for theme in ("dark", "light"):
        await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        await opened.shoot(theme)
        session = await page.context.new_cdp_session(page)
        await session.send("Runtime.evaluate", {"expression": AXE.read_text()})
        found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        told += [
            f"{theme}, {each['id']}: {[n['html'][:160] for n in each['nodes'][:3]]}" for each in found["violations"]
        ]
    assert told == []
