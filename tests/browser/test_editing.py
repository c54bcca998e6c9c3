"""Editing a document: what is wrong says so where it is, what is undone is as it was, and nothing is lost."""

import base64
import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from editing import LONG, TEXT_TO_IMAGE, Editor, drag, middle
from playwright.async_api import expect

pytestmark = pytest.mark.torch

PASTE = """(text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], "pasted.webp", { type: "image/webp" }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
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
    await page.mouse.click(200, 620)
    await expect(page.locator(".node.selected")).to_have_count(0)
    await page.locator(".problems button").click()  # the list of them leads to it
    await expect(opened.node("decode").locator(".node.selected")).to_be_visible()
    await opened.node("decode").get_by_role("button", name="Connect to “Load model”").click()
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")
    after = await opened.document()
    assert after == before


Act = Callable[[], Awaitable[Any]]
ELSEWHERE = (1050, 640)
"""A place of the canvas where nothing is."""


class Hands:
    """What hands do to a document; each is one step to undo."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.page = editor.page

    def keys(self, names: str) -> list[Act]:
        return [partial(self.page.keyboard.press, name) for name in names.split()]

    async def bypass(self, name: str) -> None:
        await self.page.mouse.click(*ELSEWHERE)
        await self.editor.pick(name)
        await self.page.keyboard.press("b")

    async def entitle(self, name: str, title: str) -> None:
        await self.editor.pick(name)
        await self.page.locator(".inspector .title").fill(title)

    async def move(self, name: str, by: int) -> None:
        x, y = await middle(self.editor.node(name).locator("header"))
        await drag(self.editor, (x, y), (x + by, y + by))

    async def frame(self, *names: str) -> None:
        await self.editor.pick(*names)
        await self.page.keyboard.press("Control+g")
        await self.page.get_by_label("Name of the frame").press("Escape")

    async def group(self, *names: str) -> None:
        await self.page.mouse.click(*ELSEWHERE)
        await self.editor.pick(*names)
        await self.page.keyboard.press("Control+Shift+g")

    async def pull_out(self, node: str, name: str) -> None:
        x, y = await middle(self.editor.socket(node, name))
        await drag(self.editor, (x, y), (x - 60, y + 260))
        await self.page.keyboard.press("Escape")
        await expect(self.page.locator(".palette")).to_have_count(0)

    def press(self, name: str) -> Act:
        return self.page.get_by_role("button", name=name, exact=True).click

    def steps(self, turn: int) -> list[Act]:
        """Return twenty-five steps."""
        fill, plug = self.editor.fill, self.editor.plug
        return [
            partial(self.bypass, "canvas"),
            *self.keys("b m m c c Control+d Delete"),
            partial(fill, "sample", "steps", str(21 + turn)),
            partial(fill, "sample", "cfg", str(3 + turn)),
            partial(fill, "sample", "seed", str(2**64 - 1 - turn)),
            partial(fill, "positive", "text", f"a circle, {turn}"),
            partial(self.entitle, "sample", f"Sampler {turn}"),
            partial(self.move, "save", 16 + 8 * turn),
            partial(self.frame, "positive", "negative"),
            partial(self.page.get_by_label("Frame name").fill, f"Words {turn}"),
            self.press("Blue"),
            self.press("Remove the frame"),
            partial(self.group, "canvas", "sample", "decode"),
            *self.keys("Shift+U"),
            partial(self.pull_out, "sample", "latent"),
            partial(plug, ("canvas", "latent"), ("sample", "latent")),
            partial(self.editor.add, "whole number", *ELSEWHERE),
            partial(plug, ("int", "value"), ("sample", "steps")),
            partial(self.editor.node("int").press, "Delete"),
        ]


async def test_fifty_mixed_steps_are_undone_and_redone_to_the_same_bytes(opened: Editor) -> None:
    page = opened.page
    texts = [json.dumps(await opened.document())]
    hands = Hands(opened)
    steps = [*hands.steps(0), *hands.steps(1)]
    assert len(steps) == 50
    for number, step in enumerate(steps, 1):
        await step()
        if number % 5 == 0:
            texts.append(json.dumps(await opened.document()))
    assert len(set(texts)) == len(texts)
    for press, wanted in (("Control+z", texts[-2::-1]), ("Control+Shift+z", texts[1:])):
        for text in wanted:
            await page.mouse.click(*ELSEWHERE)  # no field has the keys
            for _ in range(5):
                await page.keyboard.press(press)
            assert json.dumps(await opened.document()) == text


async def test_a_reload_in_mid_edit_and_in_mid_run_loses_nothing(opened: Editor) -> None:
    page = opened.page
    for name in ("width", "height"):
        await opened.fill("canvas", name, "512")  # the run goes on until it is cancelled
    await opened.fill("sample", "steps", "1000")
    await opened.fill("sample", "seed", "18446744073709551615")
    await page.locator("button.run").click()
    await expect(opened.node("sample").locator(".word")).to_contain_text("/1000", timeout=LONG)
    await page.locator('[id="positive.text"]').fill("edited at the last moment")
    await page.reload()
    await expect(page.locator('[id="positive.text"]')).to_have_value("edited at the last moment")
    await expect(page.locator('[id="sample.seed"]')).to_have_value("18446744073709551615")
    await expect(opened.node("sample").locator(".word")).to_contain_text("/1000", timeout=LONG)
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


async def test_nodes_are_pasted_with_what_came_in_and_pictures_as_nodes(opened: Editor) -> None:
    page = opened.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await opened.pick("positive")
    await page.keyboard.press("Control+c")
    await page.mouse.move(900, 620)
    await page.keyboard.press("Control+Shift+v")
    await page.keyboard.press("Control+v")
    nodes = (await opened.document())["nodes"]
    assert nodes["positive_2"] == nodes["positive"]
    assert nodes["positive_3"]["inputs"] == {"text": nodes["positive"]["inputs"]["text"]}
    picture = base64.b64encode((TEXT_TO_IMAGE.parent / "gallery" / "text-to-image.webp").read_bytes()).decode()
    await page.evaluate(PASTE, picture)
    await expect(opened.node("load").locator(".media img")).to_be_visible()
    pasted = (await opened.document())["nodes"]["load"]
    assert pasted["type"] == "image.load"
    assert pasted["inputs"]["file"].startswith("assets:")
