"""Finding nodes by names that people know, and links that are taken by their ends."""

from typing import Any

import pytest
from editing import Editor, drag, middle
from playwright.async_api import expect

pytestmark = pytest.mark.torch


FREE = """(end) => {
  const { x, y, width, height } = end.getBoundingClientRect();
  for (let down = 2; down < height; down += 2) {
    for (let right = 2; right < width; right += 2) {
      if (document.elementFromPoint(x + right, y + down) === end) return [x + right, y + down];
    }
  }
}"""
"""A point of the end of a link over which no other link goes."""


@pytest.mark.parametrize(
    ("words", "type_"),
    [
        ("KSampler", "sampling.sample"),
        ("clip text encode", "text.encode"),
        ("checkpoint loader", "model.load"),
        ("upscale image", "image.resize"),
    ],
)
async def test_a_node_is_found_by_the_name_it_has_elsewhere(editor: Editor, words: str, type_: str) -> None:
    await editor.add(words, 600, 300)
    await expect(editor.page.locator(".react-flow__node")).to_have_count(1)
    assert [each["type"] for each in (await editor.document())["nodes"].values()] == [type_]


async def test_a_link_is_picked_up_at_the_socket_it_goes_into(opened: Editor) -> None:
    editor, page = opened, opened.page
    before = await editor.document()
    edge = page.locator('.react-flow__edge[data-id="sample.positive"] .link')

    async def inputs() -> dict[str, Any]:
        return (await editor.document())["nodes"]["sample"]["inputs"]

    await page.mouse.move(*await middle(editor.socket("sample", "positive")))
    await page.mouse.down()
    await page.mouse.move(700, 600, steps=6)
    await expect(edge).to_have_count(0)  # it hangs at the hand
    await expect(page.locator(".react-flow__connection-path")).to_be_visible()
    await expect(page.locator(".unfit").first).to_be_attached()
    await editor.shoot("picked-up")
    await page.mouse.move(*await middle(editor.socket("sample", "negative")), steps=6)
    await page.mouse.up()
    moved = await inputs()
    assert moved["negative"] == {"$link": "positive.conditioning"}
    assert "positive" not in moved
    await page.keyboard.press("Control+z")
    assert await editor.document() == before
    await page.keyboard.press("Control+Shift+z")
    assert await inputs() == moved
    await page.keyboard.press("Control+z")

    here = await middle(editor.socket("sample", "latent"))
    await drag(editor, here, (here[0] - 90, here[1] + 300))  # let go where nothing is: it is unplugged
    await page.keyboard.press("Escape")
    assert "latent" not in await inputs()
    await drag(editor, here, (here[0] - 90, here[1] + 300))  # from a socket that is open, a new link is drawn
    await expect(page.locator(".palette")).to_contain_text("Empty latent")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+z")
    assert await editor.document() == before

    await page.mouse.move(*here)
    await page.mouse.down()
    await page.mouse.move(here[0] - 90, here[1] + 60, steps=6)
    await page.mouse.move(*here, steps=6)
    await page.mouse.up()  # put back: nothing was done, and nothing is to be undone
    assert await editor.document() == before
    await page.keyboard.press("Control+z")
    assert await editor.document() == before

    await editor.pick("sample")  # and by keys
    await page.keyboard.press("k")
    await editor.write("negative ← encode text positive")
    assert (await inputs())["negative"] == {"$link": "positive.conditioning"}
    await page.keyboard.press("Control+z")
    assert await editor.document() == before


async def test_a_link_is_taken_by_its_end(opened: Editor) -> None:
    editor, page = opened, opened.page
    before = await editor.document()

    async def take(node: str, name: str, to: tuple[float, float]) -> None:
        end = page.locator(f'.react-flow__edge[data-id="{node}.{name}"] .react-flow__edgeupdater-target')
        await drag(editor, await page.evaluate(FREE, await end.element_handle()), to)

    await take("sample", "positive", await middle(editor.socket("sample", "negative")))  # to another socket
    moved = (await editor.document())["nodes"]["sample"]["inputs"]
    assert moved["negative"] == {"$link": "positive.conditioning"}
    assert "positive" not in moved
    await page.keyboard.press("Control+z")
    assert await editor.document() == before

    await take("decode", "vae", (760, 700))  # to where nothing is: it is unplugged, and a node may be chosen for it
    await expect(page.locator(".palette")).to_contain_text("VAE encode")
    await page.keyboard.press("Escape")
    await expect(page.locator(".palette")).to_have_count(0)
    assert "vae" not in (await editor.document())["nodes"]["decode"]["inputs"]
    await page.keyboard.press("Control+z")
    assert await editor.document() == before

    await take("sample", "latent", await middle(editor.socket("sample", "positive")))  # to where it does not fit
    assert "latent" not in (await editor.document())["nodes"]["sample"]["inputs"]
    await page.keyboard.press("Control+z")
    assert await editor.document() == before

    await editor.pull(("model", "model"), (760, 700))  # a new link to where nothing is asks for a node
    await expect(page.locator(".palette")).to_be_visible()
    await page.keyboard.press("Escape")
    assert await editor.document() == before
