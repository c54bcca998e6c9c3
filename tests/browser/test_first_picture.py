"""From an empty canvas to a picture, by mouse; then a change, and only what it touches runs."""

import re

import pytest
from editing import LONG, Editor
from playwright.async_api import expect

pytestmark = pytest.mark.torch


async def test_text_to_image_from_nothing(editor: Editor) -> None:
    page = editor.page
    await expect(page.locator(".empty")).to_be_visible()
    await editor.add("load model", 130, 130)
    await page.locator('[id="load.source"]').click()
    await page.get_by_role("option", name="shapes-128").click()

    await editor.pull(("load", "text_encoder"), (430, 100))
    await editor.choose("encode text")
    await editor.pull(("load", "text_encoder"), (430, 300))
    await editor.choose("encode text")
    await editor.pull(("load", "model"), (430, 480))
    await editor.choose("empty latent")
    await editor.fill("encode", "text", "a red circle on a blue background")
    await editor.fill("empty", "width", "64*2")
    await editor.fill("empty", "height", "128")

    await editor.pull(("encode", "conditioning"), (730, 140))
    await editor.choose("sample")
    await editor.plug(("load", "model"), ("sample", "model"))
    await editor.plug(("encode_2", "conditioning"), ("sample", "negative"))
    await editor.plug(("empty", "latent"), ("sample", "latent"))
    await editor.fill("sample", "steps", "60")  # so that they are seen at work
    await editor.fill("sample", "cfg", "2.5")
    await editor.pull(("sample", "latent"), (1000, 160))
    await editor.choose("vae decode")
    await editor.plug(("load", "vae"), ("decode", "vae"))
    await editor.pull(("decode", "image"), (1000, 400))
    await editor.choose("save image")
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")
    await editor.shoot("built")

    document = await editor.document()
    assert document["nodes"]["sample"]["inputs"]["positive"] == {"$link": "encode.conditioning"}
    assert document["nodes"]["empty"]["inputs"]["width"] == 128

    await page.locator("button.run").click()
    await expect(editor.node("sample").locator(".word")).to_contain_text(re.compile(r"\d+/60"), timeout=LONG)
    await expect(editor.node("sample").locator(".media img")).to_be_visible(timeout=LONG)  # the work in progress
    await editor.shoot("running")
    await expect(editor.node("save").locator(".media img")).to_be_visible(timeout=LONG)
    await expect(page.locator(".results img")).to_have_count(1)
    await expect(page.locator("button.run")).to_contain_text("1 of 7 nodes")
    await page.keyboard.press("Home")
    await page.wait_for_timeout(300)
    await editor.shoot("done")

    await editor.fill("encode", "text", "a green square")
    await expect(editor.node("encode").locator(".dot.will-run")).to_be_visible()
    await expect(editor.node("empty").locator(".dot.cached")).to_be_visible()
    await editor.node("encode").locator("header").click()
    await expect(page.locator(".inspector")).to_contain_text("input 'text' changed")
    await editor.run()
    cached = page.locator(".timeline li:has(rect.cached)")
    assert "encode_2" in await cached.all_inner_texts()
    assert "encode" not in await cached.all_inner_texts()
