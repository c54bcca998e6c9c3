"""What results carry: whatever kind of file it is, it opens the workflow that made it, and says with what."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from carrying import film, picture
from editing import TEXT_TO_IMAGE, Editor
from playwright.async_api import Route, expect

from graphengine.files.origin import WORKFLOW

pytestmark = pytest.mark.torch

DROP_ON = """(element, [text, name, type]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  element.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def told(title: str) -> dict[str, str]:
    """Return what a result carries whose workflow has a title."""
    return {WORKFLOW: json.dumps(json.loads(TEXT_TO_IMAGE.read_text()) | {"title": title})}


async def test_every_kind_of_result_opens_its_workflow(editor: Editor, tmp_path: Path) -> None:
    page = editor.page
    await expect(page.locator(".empty")).to_be_visible()
    names = ["a.png", "a.jpeg", "a.webp", "a.tiff", "a.mp4", "a.webm"]
    for count, name in enumerate(names, 1):  # the first takes the place of the empty one
        kind = name.partition(".")[2]
        is_film = kind in {"mp4", "webm"}
        await editor.drop(name, film(tmp_path / name, json.dumps(told(name))) if is_film else picture(kind, told(name)))
        await expect(page.locator(".tab").nth(count - 1)).to_contain_text(name)
        await expect(editor.node("sample")).to_be_visible()
        document: dict[str, Any] = await editor.document()
        assert document == json.loads(TEXT_TO_IMAGE.read_text()) | {"title": name}

    await editor.drop("holiday.mp4", film(tmp_path / "holiday.mp4", None))
    await expect(page.locator(".notice.problem")).to_have_text("holiday.mp4 carries no workflow")
    await expect(page.locator(".tab")).to_have_count(len(names))


async def test_a_picture_on_a_node_that_loads_one_is_meant_for_it(editor: Editor) -> None:
    page = editor.page
    await expect(page.locator(".empty")).to_be_visible()
    await editor.drop("plain.jpg", picture("jpeg", {}))  # it carries nothing: a node that loads it
    load = editor.node("load")
    await expect(load.locator(".media img")).to_be_visible()
    for kind in ("jpeg", "png"):
        content = picture(kind, told("Made"))
        digest = hashlib.sha256(content).hexdigest()
        data = [base64.b64encode(content).decode(), f"a.{kind}", f"image/{kind}"]
        await load.locator("header").evaluate(DROP_ON, data)
        await expect(load.locator(".media img")).to_have_attribute("src", re.compile(digest))
        assert (await editor.document())["nodes"]["load"]["inputs"]["file"] == f"assets:{digest}"
    await expect(page.locator(".tab")).to_have_count(1)


async def test_without_the_service_a_png_opens_all_the_same(editor: Editor) -> None:
    page = editor.page
    await expect(page.locator(".empty")).to_be_visible()

    async def silence(route: Route) -> None:
        await route.abort()

    await page.route("**/api/carried", silence)
    await editor.drop("a.webp", picture("webp", told("Lost")))
    problem = page.locator(".notice.problem")
    await expect(problem).to_have_text("a.webp could not be read: the service does not answer")
    await expect(page.locator(".empty")).to_be_visible()
    await editor.drop("a.png", picture("png", told("Found")))
    await expect(editor.node("sample")).to_be_visible()
    assert (await editor.document())["title"] == "Found"
    assert [text for text in editor.complaints if "ERR_FAILED" not in text] == []
    editor.complaints.clear()


async def test_what_a_picture_was_made_with(opened: Editor) -> None:
    page = opened.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await opened.fill("sample", "steps", "2")
    await opened.run()
    made = await opened.document()
    await page.locator(".timeline").get_by_role("button", name="Made with").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator(".made")).to_contain_text("builtin:shapes-128")
    assert await opened.violations() == []
    await opened.shoot("made-dialog")
    await page.keyboard.press("Escape")

    await page.locator(".results button:has(img)").first.click()
    await dialog.get_by_role("button", name="Made with").click()
    told = dialog.get_by_role("region", name="Made with")
    facts = dict(
        zip(await told.locator("dt").all_inner_texts(), await told.locator("dd").all_inner_texts(), strict=True)
    )
    assert (facts["device"], facts["coalesce"]) == ("cpu", "false")
    assert {"graphengine", "torch", "threads", "hardware", "dtype"} <= set(facts)
    digest = await told.locator(".hash").get_attribute("title")
    assert digest is not None
    assert re.fullmatch("[0-9a-f]{64}", digest)
    await told.get_by_role("button", name="Copy the command").click()
    await expect(page.locator(".notice")).to_have_text("Copied")
    name = (await dialog.locator("figcaption").inner_text()).strip()
    assert await page.evaluate("navigator.clipboard.readText()") == f"graphengine replay {name}"
    await told.locator("summary").click()
    await expect(told).to_contain_text("sampling.sample")
    for theme in ("dark", "light"):
        await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        await opened.shoot(f"made-{theme}")
        assert await opened.violations() == []
    await page.set_viewport_size({"width": 700, "height": 900})
    await opened.shoot("made-narrow")
    await page.set_viewport_size({"width": 1600, "height": 900})
    await dialog.get_by_role("button", name="Open its workflow").click()
    await expect(page.locator(".tab")).to_have_count(2)
    assert (await opened.document())["nodes"] == made["nodes"]
