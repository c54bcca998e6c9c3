"""The graph as a whole: subgraphs, frames, links that bend, and the keyboard alone."""

import re
from pathlib import Path

import pytest
from editing import LONG, Editor, becomes, drag, middle
from playwright.async_api import expect

pytestmark = pytest.mark.torch

PLACES = "[...document.querySelectorAll('.react-flow__node')].map((each) => each.style.transform)"
"""Where nodes are on the canvas, wherever that is looked at from."""


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
    await page.get_by_label("Add an input…").focus()
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

    await opened.add("subgraph", 760, 640)  # another one, from the list of nodes
    await expect(opened.node("Subgraph_2")).to_be_visible()
    await page.keyboard.press("Control+z")
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
    await expect(page.locator(".react-flow__edge")).to_have_count(10)
    await opened.shoot("frame-collapsed")
    await page.emulate_media(color_scheme="light")
    await opened.shoot("frame-collapsed-light")
    told = await opened.document()
    assert told["view"]["frames"][0]["parent"] == "frame_2"
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")  # it is nothing to the service


async def test_what_does_not_run_shows_so(opened: Editor) -> None:
    page = opened.page
    await opened.pick("sample")
    await page.keyboard.press("b")
    await expect(opened.node("sample").locator(".word")).to_have_text("bypassed")
    await expect(opened.node("sample").locator(".passage path")).to_have_count(1)  # the latent goes through
    await expect(page.locator(".link.bypassed")).to_have_count(2)
    await expect(page.locator(".link.dead")).to_have_count(3)  # what it would take otherwise
    await opened.shoot("bypassed")
    await page.keyboard.press("m")
    await expect(opened.node("sample").locator(".word")).to_have_text("muted")
    await expect(page.locator(".link.dead")).to_have_count(5)
    await page.keyboard.press("m")
    await expect(page.locator(".link.dead")).to_have_count(0)
    await opened.pick("canvas")
    await page.keyboard.press("Control+Shift+Enter")  # up to here: nothing else is called
    timeline = page.locator(".timeline li")
    await expect(timeline.filter(has_text="canvas")).to_have_count(1, timeout=LONG)
    await expect(page.locator(".job")).to_have_count(0, timeout=LONG)
    for name in ("sample", "decode", "save"):
        await expect(timeline.filter(has_text=name)).to_have_count(0)


async def test_nodes_are_copied_put_in_and_taken_out_by_hand(opened: Editor) -> None:
    page = opened.page
    before = await opened.document()
    x, y = await middle(opened.node("canvas").locator("header"))
    await page.keyboard.down("Alt")
    await drag(opened, (x, y), (x, y + 220))
    await page.keyboard.up("Alt")
    copied = await opened.document()
    assert copied["nodes"]["canvas_2"] == before["nodes"]["canvas"]
    assert copied["view"]["nodes"]["canvas"] == before["view"]["nodes"]["canvas"]
    await page.keyboard.press("Control+z")
    assert await opened.document() == before

    link = page.locator('.react-flow__edge[data-id="save.image"] .react-flow__edge-interaction')
    on = await middle(link)
    await opened.add("blur", 760, 640)
    await expect(opened.node("blur")).to_be_visible()
    await drag(opened, await middle(opened.node("blur").locator("header")), on)
    put = await opened.document()
    assert put["nodes"]["blur"]["inputs"]["image"] == {"$link": "decode.image"}
    assert put["nodes"]["save"]["inputs"]["image"] == {"$link": "blur.image"}
    await page.keyboard.press("Delete")
    assert (await opened.document())["nodes"] == before["nodes"]


async def test_nodes_go_from_page_to_page(opened: Editor, address: str) -> None:
    context = opened.page.context
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await opened.pick("positive", "sample")
    await opened.page.keyboard.press("Control+c")
    other = Editor(await context.new_page(), Path(__file__).parent / "screenshots")
    await other.open(address)
    await expect(other.page.locator(".empty")).to_be_visible()
    await other.page.keyboard.press("Control+v")
    await expect(other.node("sample")).to_be_visible()
    pasted = await other.document()
    assert set(pasted["nodes"]) == {"positive", "sample"}
    assert pasted["nodes"]["sample"]["inputs"]["positive"] == {"$link": "positive.conditioning"}
    assert "model" not in pasted["nodes"]["sample"]["inputs"]  # what it came from is not here
    assert other.complaints == []


async def test_a_link_is_led_by_points(opened: Editor) -> None:
    page = opened.page
    before = await opened.document()
    link = page.locator('.react-flow__edge[data-id="sample.latent"] .react-flow__edge-interaction')
    x, y = await middle(link)
    await page.mouse.dblclick(x, y)
    await expect(page.locator(".bend")).to_have_count(1)
    await drag(opened, (x, y), (x, y + 120))
    await opened.shoot("bend")
    led = await opened.document()
    assert led["nodes"] == before["nodes"]
    assert len(led["view"]["nodes"]["sample"]["bends"]["latent"]) == 1
    await page.mouse.dblclick(*await middle(page.locator(".bend")))
    await expect(page.locator(".bend")).to_have_count(0)
    assert await opened.document() == before


async def test_found_and_laid_out(opened: Editor) -> None:
    page = opened.page
    await page.keyboard.press("Control+f")
    await page.keyboard.type("red circle")
    await opened.shoot("find")
    await page.keyboard.press("Enter")
    await expect(opened.node("positive")).to_have_class(re.compile("selected"))
    await page.keyboard.press("Escape")
    before = await opened.document()
    await page.locator(".react-flow__pane").click(position={"x": 5, "y": 5})
    places = await page.evaluate(PLACES)
    await page.keyboard.press("Shift+L")
    await expect(page.locator(".crumbs")).to_have_count(0)
    await becomes(lambda: page.evaluate(PLACES), lambda found: found != places)  # a worker makes it, and takes its time
    after = await opened.document()
    assert after["view"]["nodes"] != before["view"]["nodes"]
    assert after["nodes"] == before["nodes"]
    await page.keyboard.press("Control+z")
    assert await opened.document() == before


async def test_text_to_image_by_keyboard_alone(editor: Editor) -> None:
    page, keys = editor.page, editor.page.keyboard
    await expect(page.locator(".empty")).to_be_visible()

    async def connect(words: str, new: str = "") -> None:
        await keys.press("k")
        await editor.write(words)
        if new:
            await editor.write(new)

    async def find(words: str) -> None:
        await keys.press("Control+f")
        await editor.write(words)
        await expect(page.locator(".palette")).to_have_count(0)

    await keys.press("Space")
    await editor.write("load model")
    await keys.press("Enter")  # into the first field
    await keys.press("Enter")  # its list
    await expect(page.get_by_role("option", name="shapes-128")).to_be_visible()
    await keys.type("shapes-128")
    await keys.press("Enter")
    await expect(page.locator('[id="load.source"]')).to_be_focused()
    await keys.press("Escape")
    await connect("text_encoder new", "encode text")
    await keys.press("Enter")
    await keys.type("a red circle on a blue background")
    await keys.press("Escape")
    await find("load model")
    await connect("text_encoder new", "encode text")
    await find("load model")
    await connect("model new", "empty latent")
    await find("red circle")
    await connect("conditioning new", "sample")
    await connect("model load")
    await connect("negative encode_2")
    await connect("latent empty")
    await connect("latent new", "vae decode")
    await connect("vae load")
    await connect("image new", "save image")
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")
    await keys.press("Home")
    await editor.shoot("by-keyboard")
    document = await editor.document()
    assert document["nodes"]["sample"]["inputs"] == {
        "positive": {"$link": "encode.conditioning"},
        "model": {"$link": "load.model"},
        "negative": {"$link": "encode_2.conditioning"},
        "latent": {"$link": "empty.latent"},
    }
    places = {(place["x"], place["y"]) for place in document["view"]["nodes"].values()}
    assert len(places) == 7
    await keys.press("Control+Enter")
    await expect(page.locator(".results img")).to_have_count(1, timeout=LONG)
