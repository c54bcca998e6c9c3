"""Everything that a workflow can make is seen: pictures side by side, films, sounds, and models that turn."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from editing import LONG, Editor, becomes, box_of
from playwright.async_api import Browser, Page, expect
from servers import ServerProcess, document


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    server = ServerProcess(tmp_path / "data")
    yield server
    server.kill()


async def colours(page: Page) -> int:
    """Return how many colours the model is drawn in, by what is on the screen."""
    box = await page.locator(".scene canvas").bounding_box()
    assert box is not None
    content = await page.screenshot(clip=box)
    return len(set(await page.evaluate(COUNT, list(content))))


COUNT = """async (bytes) => {
  const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, picture.width, picture.height);
  const found = new Set();
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] > data[at + 2] + 30) found.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
  }
  return [...found];
}"""


async def test_pictures_films_sounds_and_models(browser: Browser, server: ServerProcess) -> None:
    page = await browser.new_page(viewport={"width": 1600, "height": 900}, color_scheme="dark")
    editor = Editor(page, Path(__file__).parent / "screenshots")
    await editor.open(await server.start())
    nodes = {
        "red": ["media.picture", {"hue": 0}],
        "blue": ["media.picture", {"hue": 220, "size": 97}],
        "video": ["media.video", {}],
        "sound": ["media.sound", {}],
        "model": ["media.model", {}],
    }
    places = {"red": (0, 0), "blue": (260, 0), "video": (520, 0), "sound": (780, 0), "model": (1040, 0)}
    view = {"nodes": {name: {"x": x, "y": y} for name, (x, y) in places.items()}}
    await editor.drop("media.json", json.dumps(document(nodes, title="Media", view=view)).encode())
    await page.locator("button.run").click()
    await expect(page.locator(".results .grid button")).to_have_count(5, timeout=LONG)
    await expect(editor.node("video").locator("video")).to_be_visible()
    await expect(editor.node("sound").locator("audio")).to_be_visible()
    await page.keyboard.press("Home")
    await editor.shoot("media")
    assert await editor.violations() == []

    await page.locator(".results button:has(img)").first.click()
    await page.get_by_role("button", name="Compare with #").click()
    box = await box_of(page.locator(".compare"))
    await page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 30)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.26, box["y"] + 60, steps=4)
    await page.mouse.up()
    await page.get_by_role("slider", name="Where the second picture begins").press("ArrowLeft")
    share = await page.locator(".compare").evaluate("each => getComputedStyle(each).getPropertyValue('--share')")
    assert 20 < float(share.rstrip("%")) < 30
    await editor.shoot("compare")
    assert await editor.violations() == []
    await page.keyboard.press("Escape")

    await page.locator(".results button", has_text=".webm").click()
    film = page.get_by_role("dialog").locator("video")
    await expect(film).to_be_visible()
    await page.wait_for_function("() => document.querySelector('[role=dialog] video').readyState >= 2")
    assert await film.evaluate("each => [each.videoWidth, each.videoHeight]") == [96, 96]
    assert 0.9 < await film.evaluate("each => each.duration") < 1
    await film.evaluate("each => each.play()")
    await page.wait_for_function("() => document.querySelector('[role=dialog] video').currentTime > 0.1")
    await editor.shoot("video")
    await page.keyboard.press("Escape")

    await page.locator(".results button", has_text=".wav").click()
    await page.wait_for_function("() => document.querySelector('[role=dialog] audio').readyState >= 1")
    await page.keyboard.press("Escape")

    await editor.node("model").get_by_role("button", name="Look at the model").click()
    scene = page.get_by_role("img", name="8 triangles")
    await expect(scene).to_be_visible(timeout=LONG)
    assert await colours(page) >= 2  # faces that the light falls on differently
    before = await page.locator(".scene canvas").screenshot()
    await scene.focus()
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    await becomes(page.locator(".scene canvas").screenshot, lambda now: now != before)
    await editor.shoot("model-dark")
    assert await editor.violations() == []
    await page.emulate_media(color_scheme="light")
    await editor.shoot("model-light")
    assert await editor.violations() == []
    await page.close()
    assert [text for text in editor.complaints if "GPU stall" not in text and "WebGL" not in text] == []
