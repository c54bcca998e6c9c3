"""The graph as a whole: subgraphs, frames, links that bend, and the keyboard alone."""

import json
from pathlib import Path

import pytest
from editing import Editor, middle
from playwright.async_api import expect

pytestmark = pytest.mark.torch

TEXT_TO_IMAGE = Path(__file__).parents[2] / "workflows" / "text-to-image.json"


@pytest.fixture
async def opened(editor: Editor) -> Editor:
    """An editor with the text-to-image workflow."""
    await editor.drop(TEXT_TO_IMAGE.name, TEXT_TO_IMAGE.read_bytes())
    await expect(editor.node("sample")).to_be_visible()
    await expect(editor.page.locator("button.run")).to_contain_text("of 7 nodes")
    return editor


async def test_a_subgraph_is_made_entered_and_unpacked(opened: Editor) -> None:
    page = opened.page
    before = await opened.document()
    await opened.pick("canvas", "sample", "decode")
    await page.keyboard.press("Control+Shift+g")
    await expect(opened.node("Subgraph")).to_be_visible()
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")  # the service sees the same nodes
    made = await opened.document()
    assert set(made["nodes"]) == {*before["nodes"], "Subgraph"} - {"canvas", "sample", "decode"}
    await opened.shoot("subgraph")

    await page.keyboard.press("Enter")
    await expect(page.locator(".crumbs")).to_contain_text("Subgraph")
    await expect(page.locator(".react-flow__node")).to_have_count(3)
    await page.get_by_label("Add an input…").select_option("sample.denoise")
    name = page.get_by_label("Name of denoise")
    await name.fill("strength")
    await name.press("Enter")
    await page.get_by_role("button", name="Move strength up").click()
    await opened.shoot("subgraph-inside")
    await page.get_by_role("button", name="main").click()
    await opened.fill("Subgraph", "strength", "0.7")
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")
    used = await opened.document()
    assert used["nodes"]["Subgraph"]["inputs"]["strength"] == 0.7
    assert list(used["subgraphs"]["Subgraph"]["inputs"])[-2] == "strength"

    await opened.node("Subgraph").locator("header").click()
    await page.keyboard.press("Shift+U")
    await expect(opened.node("sample")).to_be_visible()
    after = await opened.document()
    before["nodes"]["sample"]["inputs"]["denoise"] = 0.7
    assert after["nodes"] == before["nodes"]
    assert after["view"]["nodes"].keys() == before["view"]["nodes"].keys()
    assert "subgraphs" not in after
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")


async def test_frames_hold_nodes_together(opened: Editor) -> None:
    page = opened.page
    await opened.pick("positive", "negative")
    await page.keyboard.press("Control+g")
    await page.get_by_label("Name of the frame").fill("Words")
    await page.keyboard.press("Enter")
    frame = page.locator('.react-flow__node[data-id="frame:frame"]')
    await expect(frame).to_contain_text("Words")
    before = await opened.document()
    assert before["view"]["frames"] == [{"id": "frame", "title": "Words", "nodes": ["positive", "negative"]}]

    x, y = await middle(frame.locator(".name"))
    await drag(opened, (x, y), (x + 160, y + 80))
    after = await opened.document()
    moved = [
        (after["view"]["nodes"][name]["x"] - before["view"]["nodes"][name]["x"]) for name in ("positive", "negative")
    ]
    assert moved[0] == moved[1] > 100
    assert after["view"]["nodes"]["sample"] == before["view"]["nodes"]["sample"]

    await opened.pick("canvas", "positive", "negative")
    await page.keyboard.press("Control+g")
    await page.get_by_label("Name of the frame").fill("Setup")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Menu of Words").click()
    await page.get_by_role("menuitemradio", name="Blue").click()
    await opened.shoot("frames")
    await page.get_by_role("button", name="Fold Setup").click()
    await expect(page.locator(".react-flow__node")).to_have_count(5)  # four nodes, and the frame
    await expect(page.locator(".react-flow__edge")).to_have_count(8)
    await opened.shoot("frame-collapsed")
    await page.emulate_media(color_scheme="light")
    await opened.shoot("frame-collapsed-light")
    told = await opened.document()
    assert told["view"]["frames"][0]["parent"] == "frame_2"
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")  # it is nothing to the service


async def drag(editor: Editor, begin: tuple[float, float], end: tuple[float, float]) -> None:
    await editor.page.mouse.move(*begin)
    await editor.page.mouse.down()
    await editor.page.mouse.move(*end, steps=6)
    await editor.page.mouse.up()
