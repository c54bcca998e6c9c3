"""Values on the canvas: looked at by a click on a socket, compared, and the canvas moved by two fingers."""

import re

import pytest
from editing import LONG, Editor, at_rest, becomes, middle
from playwright.async_api import expect

pytestmark = pytest.mark.torch


HERE = """() => {
  const { transform } = getComputedStyle(document.querySelector(".react-flow__viewport"));
  const { e, f, a } = new DOMMatrix(transform);
  return [e, f, a];
}"""


async def test_a_click_on_a_socket_shows_its_value(opened: Editor) -> None:
    page, look = opened.page, opened.page.locator(".look")
    await opened.fill("sample", "seed", "4711")  # which nobody has run before
    before = await opened.document()
    await opened.socket("decode", "image", out=True).click()
    await expect(look).to_contain_text("Not computed yet")
    await expect(page.locator(".palette")).to_have_count(0)
    await expect(page.locator(".job")).to_have_count(0)  # looking alone runs nothing that is dear
    await page.keyboard.press("Escape")
    await expect(look).to_have_count(0)
    await opened.run()

    await opened.socket("decode", "image", out=True).click()
    await expect(look.locator("img")).to_be_visible(timeout=LONG)
    assert await look.locator("img").evaluate("(image) => image.naturalWidth") > 64
    await expect(look).to_contain_text("pixels 1 × 128 × 128 × 3 float32")
    await opened.shoot("value-picture")
    await page.emulate_media(color_scheme="light")
    await opened.shoot("value-picture-light")
    await page.emulate_media(color_scheme="dark")
    await opened.socket("sample", "latent").click()  # of an input: what flows into it
    await expect(look).to_have_attribute("aria-label", "Value of canvas.latent")
    await expect(look.locator("img")).to_be_visible(timeout=LONG)
    await opened.socket("sample", "latent", out=True).click()
    await expect(look).to_have_attribute("aria-label", "Value of sample.latent")
    await expect(look.locator("img")).to_be_visible(timeout=LONG)
    await expect(look).to_contain_text(re.compile(r"samples 1 × 4 × \d+ × \d+ float32"))
    await opened.shoot("value-latent")
    await page.mouse.click(300, 700)
    await expect(look).to_have_count(0)

    await opened.pick("decode")
    await page.get_by_role("button", name="Look at image").click()
    await expect(page.locator(".inspector .value img")).to_be_visible(timeout=LONG)
    assert await opened.document() == before

    await opened.pick("sample", "decode")
    await page.keyboard.press("Control+Shift+g")
    await page.keyboard.press("Enter")
    await expect(page.locator(".crumbs")).to_contain_text("Subgraph")
    await page.keyboard.press("Home")
    await opened.socket("decode", "image", out=True).click()
    await expect(look.locator("img")).to_be_visible(timeout=LONG)


async def test_what_a_node_shows_stays_after_the_run(opened: Editor) -> None:
    page = opened.page
    await opened.pull(("decode", "image"), (1100, 760))
    await opened.choose("preview image")
    await opened.run()
    shown = opened.node("preview").locator(".media img")
    await expect(shown).to_be_visible()
    assert await shown.evaluate("(image) => image.naturalWidth") > 64
    await page.keyboard.press("Home")
    await opened.pick("negative")
    await page.locator('[id="panel negative.text"]').fill("a square")
    await opened.run()  # a picture of the new run, in place of the old
    await expect(shown).to_be_visible()
    await expect(page.locator(".job")).to_have_count(0)


async def test_two_results_are_compared(opened: Editor) -> None:
    page = opened.page
    await opened.run()
    await opened.fill("positive", "text", "a blue square on a green background")
    await opened.run()
    results = page.locator(".results button")
    await expect(results.locator("img").first).to_have_attribute("alt", "#2 text-to-image_00001.png")
    await results.first.click()
    await page.get_by_role("button", name="Compare with #1").click()
    await expect(page.locator(".compare img")).to_have_count(2)
    await page.keyboard.press("Escape")
    await results.nth(1).click(modifiers=["Control"])
    await expect(page.locator(".results h2")).to_contain_text("compare #1 with")
    await results.first.click(modifiers=["Control"])
    await expect(page.locator("figcaption")).to_contain_text("#1")
    slider = page.get_by_label("Where the second picture begins")
    await slider.focus()
    await page.keyboard.press("Home")
    assert await page.locator(".compare").evaluate("(box) => box.style.getPropertyValue('--share')") == "0%"
    await opened.shoot("compare-two")


async def test_two_fingers_pan_and_pinching_zooms(opened: Editor) -> None:
    page = opened.page

    async def here() -> list[float]:
        found: list[float] = await page.evaluate(HERE)
        return found

    before = await at_rest(here)
    await page.mouse.move(*await middle(page.locator(".react-flow__pane")))
    for _ in range(5):
        await page.mouse.wheel(-7, 9)
    wanted = pytest.approx([before[0] + 35, before[1] - 45, before[2]], abs=0.1)
    panned = await becomes(here, lambda now: now == wanted)
    await page.keyboard.down("Control")
    await page.mouse.wheel(0, -9)
    await page.keyboard.up("Control")
    await becomes(here, lambda now: now[2] > panned[2])
    pinched = await at_rest(here)
    await page.wait_for_timeout(300)  # what comes sooner is of the same gesture
    await page.mouse.wheel(0, 100)  # a notch of a wheel
    await becomes(here, lambda now: now[2] < pinched[2])
