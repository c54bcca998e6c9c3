"""A picture comes in, a mask is painted over it, and only what was painted changes."""

import io
import json
from typing import Any

import numpy as np
import pytest
from editing import Editor, box_of
from PIL import Image, ImageDraw
from playwright.async_api import expect
from servers import document, link

pytestmark = pytest.mark.torch

SIZE = 128


def scene() -> bytes:
    """Return a PNG: a red circle on blue."""
    picture = Image.new("RGB", (SIZE, SIZE), (40, 70, 200))
    ImageDraw.Draw(picture).ellipse((34, 34, 94, 94), fill=(210, 40, 40))
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def inpainting() -> dict[str, Any]:
    nodes = {
        "model": ["model.load", {"source": "builtin:shapes-128"}],
        "positive": [
            "text.encode",
            {"encoder": link("model.text_encoder"), "text": "a green square on a blue background"},
        ],
        "negative": ["text.encode", {"encoder": link("model.text_encoder"), "text": ""}],
        "encode": ["vae.encode_masked", {"vae": link("model.vae")}],
        "sample": [
            "sampling.sample",
            {
                "model": link("model.model"),
                "positive": link("positive.conditioning"),
                "negative": link("negative.conditioning"),
                "latent": link("encode.latent"),
                "seed": 3,
                "steps": 6,
                "cfg": 2.5,
            },
        ],
        "decode": ["vae.decode", {"vae": link("model.vae"), "latent": link("sample.latent")}],
        "save": ["image.save", {"image": link("decode.image"), "name": "inpainted"}],
    }
    places = {
        "model": (0, 300),
        "positive": (320, 240),
        "negative": (320, 420),
        "encode": (320, 0),
        "sample": (640, 100),
        "decode": (940, 100),
        "save": (1220, 100),
    }
    view = {"nodes": {name: {"x": x, "y": y} for name, (x, y) in places.items()}}
    return document(nodes, title="Inpaint", view=view)


async def test_a_mask_is_painted_and_used(editor: Editor) -> None:
    page = editor.page
    await editor.drop("inpaint.json", json.dumps(inpainting()).encode())
    await expect(editor.node("sample")).to_be_visible()
    await editor.drop("scene.png", scene())
    picture = editor.node("load")
    await expect(picture.locator(".media img")).to_be_visible()
    await page.keyboard.press("Home")

    await picture.get_by_role("button", name="Paint a mask").click()
    canvas = page.get_by_label("mask", exact=True)
    await expect(canvas).to_be_visible()
    await page.get_by_role("slider", name="Size").fill("40")
    await page.get_by_role("slider", name="Soft").fill("0")
    box = await box_of(canvas)
    scale = box["width"] / SIZE

    async def stroke(*points: tuple[float, float]) -> None:
        places = [(box["x"] + x * scale, box["y"] + y * scale) for x, y in points]
        await page.mouse.move(*places[0])
        await page.mouse.down()
        for place in places[1:]:
            await page.mouse.move(*place, steps=8)
        await page.mouse.up()

    async def coverage() -> float:
        share: float = await page.evaluate(
            """() => { const c = document.querySelector('canvas[aria-label=mask]');
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let sum = 0; for (let i = 3; i < d.length; i += 4) sum += d[i];
            return sum / 255 / (c.width * c.height) }"""
        )
        return share

    await stroke((20, 64), (108, 64))
    painted = await coverage()
    assert 0.2 < painted < 0.35  # a bar of 88 by 40, with round ends
    await page.get_by_role("button", name="Invert").click()
    assert abs(await coverage() - (1 - painted)) < 0.01
    await page.get_by_role("button", name="Clear").click()
    assert await coverage() == 0
    await page.get_by_role("button", name="Undo").click()
    await page.get_by_role("button", name="Undo").click()
    assert abs(await coverage() - painted) < 1e-6
    await page.get_by_role("button", name="Erase").click()
    await stroke((64, 64))
    assert await coverage() < painted - 0.05
    await page.get_by_role("button", name="Brush", exact=True).click()
    await stroke((40, 40), (88, 40), (88, 88), (40, 88), (64, 64))
    await editor.shoot("mask-dark")
    assert await editor.violations() == []
    await page.emulate_media(color_scheme="light")
    await editor.shoot("mask-light")
    assert await editor.violations() == []
    await page.emulate_media(color_scheme="dark")
    await page.get_by_role("button", name="Use the mask").click()
    mask = editor.node("mask")
    await expect(mask.locator(".media img")).to_be_visible()

    await page.keyboard.press("Home")
    await editor.plug(("load", "image"), ("encode", "image"))
    await editor.plug(("mask", "mask"), ("encode", "mask"))
    await expect(page.locator("button.run")).to_contain_text("of 9 nodes")
    await editor.run()
    await editor.shoot("inpainted")
    found = await page.locator(".results img").first.get_attribute("src")
    made = await (await page.request.get(f"{page.url.split('#')[0].rstrip('/')}{found}")).body()
    change = np.abs(pixels(made) - pixels(scene())).mean(axis=2)
    inside, outside = change[44:84, 44:84].mean(), np.concatenate([change[:8], change[-8:]]).mean()
    assert inside > 3 * outside


def pixels(content: bytes) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.float64)
