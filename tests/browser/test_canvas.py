"""What hands and keys do on the canvas: menus, names in the place of wires, frames, subgraphs of the library."""

import json
from typing import Any

import pytest
from editing import LONG, TEXT_TO_IMAGE, Editor, drag, middle
from playwright.async_api import Locator, Page, expect

pytestmark = pytest.mark.torch


async def choose(editor: Editor, *labels: str) -> None:
    """Choose from the menu that is open, and from those that open from it."""
    for label in labels[:-1]:
        await editor.page.get_by_role("menuitem", name=label, exact=True).press("ArrowRight")
    chosen = editor.page.get_by_role("menuitem", name=labels[-1])
    if len(labels) == 1:
        await chosen.click()
    else:
        await chosen.press("Enter")  # a pointer that comes late to it may close it on its way
    await expect(editor.page.get_by_role("menu")).to_have_count(0)


async def at_rest(what: Locator) -> None:
    """Wait until something that the canvas moves is where it will be."""
    await expect(what).to_be_visible()
    before = None
    while (box := await what.bounding_box()) != before:
        before = box
        await what.page.wait_for_timeout(300)


async def test_menus_of_everything_by_hand(opened: Editor) -> None:
    page = opened.page
    menu = page.get_by_role("menu")
    before = await opened.document()
    await page.mouse.click(200, 620, button="right")
    await expect(menu.get_by_role("menuitem", name="Add a node")).to_be_visible()
    await opened.shoot("menu-canvas")
    await choose(opened, "Select all")
    await expect(page.locator(".node.selected")).to_have_count(7)

    await page.keyboard.press("Escape")
    await opened.node("sample").locator("header").click(button="right")
    await expect(menu.get_by_role("menuitem", name="Bypass")).to_be_visible()
    assert await opened.violations() == []
    await opened.shoot("menu-node")
    await choose(opened, "Bypass")
    assert (await opened.document())["nodes"]["sample"]["mode"] == "bypass"
    await page.keyboard.press("Control+z")

    link = page.locator('.react-flow__edge[data-id="save.image"] .react-flow__edge-interaction')
    await page.mouse.click(*await middle(link), button="right")
    await choose(opened, "Insert a node")
    await opened.choose("blur")
    assert (await opened.document())["nodes"]["save"]["inputs"]["image"] == {"$link": "blur.image"}
    await page.keyboard.press("Control+z")

    await page.mouse.click(*await middle(opened.socket("sample", "latent")), button="right")
    await opened.shoot("menu-socket")
    await choose(opened, "Unplug")
    assert "latent" not in (await opened.document())["nodes"]["sample"]["inputs"]
    await page.keyboard.press("Control+z")
    assert await opened.document() == before


async def down_to(page: Page, name: str) -> None:
    """Go down a menu with the keys, to an item."""
    item = page.get_by_role("menuitem", name=name)
    await expect(item).to_be_visible()
    for _ in range(await page.get_by_role("menuitem").count()):
        if await item.evaluate("each => each === document.activeElement"):
            break
        await page.keyboard.press("ArrowDown")
    await expect(item).to_be_focused()


async def test_menus_by_keys(opened: Editor) -> None:
    page = opened.page
    await opened.pick("sample")
    await opened.node("sample").focus()
    await page.keyboard.press("Shift+F10")
    await expect(page.get_by_role("menuitem", name="Run up to the selection")).to_be_visible()
    await down_to(page, "Sockets")
    await page.keyboard.press("ArrowRight")
    await down_to(page, "latent →")
    await page.keyboard.press("ArrowRight")
    await down_to(page, "Name it")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Name of the value of sample.latent")).to_be_focused()
    await page.keyboard.type("Drawn")
    await page.keyboard.press("Enter")
    await expect(opened.node("sample")).to_be_focused()
    assert (await opened.document())["view"]["nodes"]["sample"]["names"] == {"latent": "Drawn"}


async def test_a_named_value_has_tags_and_no_wires(opened: Editor) -> None:
    page = opened.page
    before = await opened.document()
    await page.mouse.click(*await middle(opened.socket("model", "vae", out=True)), button="right")
    await choose(opened, "Name it, without wires…")
    await page.get_by_label("Name of the value of model.vae").fill("The VAE")
    await page.keyboard.press("Enter")
    await page.mouse.click(200, 620)
    await expect(page.locator(".tag")).to_have_count(2)
    await expect(page.locator('.react-flow__edge[data-id="decode.vae"]')).to_have_count(0)
    named = await opened.document()
    assert named["nodes"] == before["nodes"]  # whoever runs it sees plain links
    await opened.shoot("named")
    await page.emulate_media(color_scheme="light")
    await opened.shoot("named-light")
    await page.emulate_media(color_scheme="dark")

    await opened.add("vae decode", 760, 660)
    await page.mouse.click(*await middle(opened.socket("decode_2", "vae")), button="right")
    await choose(opened, "Take a named value", "The VAE")
    assert (await opened.document())["nodes"]["decode_2"]["inputs"]["vae"] == {"$link": "model.vae"}
    await page.keyboard.press("Home")
    await page.mouse.click(100, 640)
    await expect(page.locator(".tag")).to_have_count(3)
    await page.locator(".tag.out").click()
    await expect(page.locator(".node.selected")).to_have_count(2)
    await expect(page.locator('.react-flow__edge[data-id="decode.vae"]')).to_have_count(1)  # seen while it matters
    await page.mouse.click(100, 640)
    await page.locator(".tag.in").first.click()
    await expect(opened.node("model").locator(".node.selected")).to_be_visible()
    await page.locator(".tag.out").click(button="right")
    await choose(opened, "Draw wires again")
    await expect(page.locator(".tag")).to_have_count(0)


async def test_a_subgraph_goes_into_the_library_and_comes_out_of_it(opened: Editor) -> None:
    page = opened.page
    await opened.listen()
    await opened.pick("canvas", "sample", "decode")
    await page.keyboard.press("Control+Shift+g")
    await opened.node("Subgraph").locator("header").click(button="right")
    await choose(opened, "Publish to the library")
    await opened.hear("Published “Subgraph”, version 1")
    first = await opened.document()
    assert first["subgraphs"]["Subgraph"]["view"]["x-library"] == {"name": "subgraphs/Subgraph", "version": 1}

    await page.get_by_role("button", name="New workflow").click()
    await expect(page.locator(".empty")).to_be_visible()
    await opened.add("subgraph", 700, 400)
    await expect(opened.node("Subgraph")).to_be_visible()
    used = await opened.document()
    assert used["nodes"] == {"Subgraph": {"type": "subgraph:Subgraph", "inputs": {}}}
    assert used["subgraphs"]["Subgraph"]["nodes"] == first["subgraphs"]["Subgraph"]["nodes"]
    await page.keyboard.press("Enter")
    await expect(page.locator(".crumbs")).to_contain_text("Subgraph")
    await opened.fill("sample", "steps", "7")
    await page.get_by_role("button", name="main").click()
    await opened.node("Subgraph").locator("header").click(button="right")
    await choose(opened, "Publish to the library")
    await opened.hear("Published “Subgraph”, version 2")

    await page.locator(".tab button", has_text="Text to image").first.click()
    await opened.node("Subgraph").locator("header").click(button="right")
    await choose(opened, "Take version 2")
    newer = await opened.document()
    assert newer["subgraphs"]["Subgraph"]["nodes"]["sample"]["inputs"]["steps"] == 7
    assert newer["nodes"] == first["nodes"]
    await expect(page.locator("button.run")).to_contain_text("of 7 nodes")


async def test_frames_are_copied_and_renamed_and_take_links_when_folded(opened: Editor) -> None:
    page = opened.page
    await opened.pick("positive", "negative")
    await page.keyboard.press("Control+g")
    await page.get_by_label("Name of the frame").fill("Words")
    await page.keyboard.press("Enter")
    await page.get_by_label("Frame name").fill("All words")
    await page.get_by_role("button", name="Violet").click()
    await expect(page.locator(".frame .name")).to_have_text("All words")
    await opened.shoot("frame-panel")
    await page.locator(".frame .name").click()
    await page.keyboard.press("Control+d")
    copied = (await opened.document())["view"]["frames"]
    assert [(each["title"], each["nodes"]) for each in copied] == [
        ("All words", ["positive", "negative"]),
        ("All words", ["positive_2", "negative_2"]),
    ]
    assert copied[1]["colour"] == copied[0]["colour"]
    await page.keyboard.press("Control+z")

    await opened.socket("sample", "negative").hover()
    await page.get_by_role("button", name="Fold All words").click()
    await page.mouse.click(*await middle(opened.socket("sample", "negative")), button="right")
    await choose(opened, "Unplug")
    assert "negative" not in (await opened.document())["nodes"]["sample"]["inputs"]
    frame = page.locator('.react-flow__node[data-id="frame:frame"]')
    out = frame.locator('.react-flow__handle.source[data-handleid="positive.conditioning"]')
    await drag(opened, await middle(out), await middle(opened.socket("sample", "negative")))
    inputs = (await opened.document())["nodes"]["sample"]["inputs"]
    assert inputs["negative"] == inputs["positive"] == {"$link": "positive.conditioning"}
    into = frame.locator('.react-flow__handle.target[data-handleid="negative.encoder"]')
    await opened.add("load model", 300, 660)
    await expect(opened.node("load")).to_be_visible()
    await page.keyboard.press("Home")
    await at_rest(into)
    await drag(opened, await middle(opened.socket("load", "text_encoder", out=True)), await middle(into))
    assert (await opened.document())["nodes"]["negative"]["inputs"]["encoder"] == {"$link": "load.text_encoder"}


async def test_what_usually_comes_next_is_a_click_away(editor: Editor) -> None:
    page = editor.page
    await expect(page.locator(".empty")).to_be_visible()
    await editor.add("load model", 300, 300)
    nexts = page.locator(".next button")
    await expect(nexts).to_have_count(4)
    await editor.shoot("next")
    await nexts.filter(has_text="Encode text").click()
    await expect(editor.node("encode")).to_be_visible()
    document = await editor.document()
    assert document["nodes"]["encode"]["inputs"] == {"encoder": {"$link": "load.text_encoder"}}
    await expect(nexts.first).to_have_text("Sample")  # as the workflows that come along do it


async def test_copies_are_dragged_away_and_the_original_stays(opened: Editor) -> None:
    page = opened.page
    before = await opened.document()
    x, y = await middle(opened.node("sample").locator("header"))
    await page.keyboard.down("Alt")
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x, y + 200, steps=6)
    ghost = page.locator(".ghost")
    await expect(ghost).to_have_count(1)
    box = await ghost.bounding_box()
    assert box is not None
    assert box["y"] < y < box["y"] + box["height"]
    await opened.shoot("copying")
    await page.mouse.up()
    await page.keyboard.up("Alt")
    await expect(ghost).to_have_count(0)
    after = await opened.document()
    assert after["view"]["nodes"]["sample"] == before["view"]["nodes"]["sample"]
    assert after["nodes"]["sample_2"] == before["nodes"]["sample"]
    assert after["nodes"]["decode"] == before["nodes"]["decode"]


async def test_a_named_document_runs_as_any_other(opened: Editor) -> None:
    named: dict[str, Any] = json.loads(TEXT_TO_IMAGE.read_text())
    named["view"]["nodes"]["model"]["names"] = {"vae": "V", "model": "M"}
    await opened.drop("named.json", json.dumps(named).encode())
    await expect(opened.page.locator(".tag.out")).to_have_count(2)
    await opened.page.locator("button.run").click()
    await expect(opened.page.locator(".results img")).to_have_count(1, timeout=LONG)
