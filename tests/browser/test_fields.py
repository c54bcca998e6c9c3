"""Fields by their schemas: seeds and what becomes of them, values that take links, and fields that no node here has."""

import json
from typing import Any

import pytest
from editing import LONG, TEXT_TO_IMAGE, Editor, box_of, middle
from playwright.async_api import Route, expect

pytestmark = pytest.mark.torch

LAYER = {
    "type": "object",
    "properties": {
        "on": {"type": "boolean", "default": True},
        "name": {"type": "string", "enum": ["film", "detail"]},
        "strength": {"type": "number", "default": 1.0},
    },
}
KIT: dict[str, Any] = {
    "id": "kit.card",
    "title": "Card",
    "aliases": [],
    "category": "kit",
    "version": 1,
    "summary": "A field of each kind.",
    "help": "A field of each kind.",
    "lane": "cpu",
    "sink": False,
    "passage": {},
    "inputs": [
        {"name": "colour", "type": "String", "required": False, "default": "#336699"}
        | {"schema": {"type": "string", "format": "color"}},
        {"name": "tone", "type": "Any", "required": False, "default": [[0, 0], [1, 1]]}
        | {"schema": {"type": "array"}, "widget": {"kind": "curve"}},
        {"name": "layers", "type": "Any", "required": False, "default": []}
        | {"schema": {"type": "array", "items": LAYER}},
        {"name": "more", "type": "Any", "required": False, "default": {}, "schema": {"type": "object"}},
    ],
    "outputs": [{"name": "value", "type": "Any"}],
}


async def with_kit(route: Route) -> None:
    """Add a node to what the service has."""
    told = await route.fetch()
    nodes = await told.json()
    nodes["nodes"].append(KIT)
    await route.fulfill(response=told, json=nodes)


async def test_fields_of_every_kind_are_edited(editor: Editor, address: str) -> None:
    page = editor.page
    await page.route("**/api/nodes", with_kit)
    await editor.open(address)
    await page.mouse.dblclick(500, 300)
    await page.locator(".palette input").fill("card")
    await expect(page.locator(".palette [cmdk-item]").first).to_contain_text("Card")  # once the nodes are known
    await page.keyboard.press("Enter")
    panel = page.locator(".inspector")
    written = panel.get_by_role("textbox", name="colour", exact=True)
    await written.fill("reddish")
    await written.press("Enter")
    await expect(written).to_have_attribute("aria-invalid", "true")
    await expect(written).to_have_value("reddish")
    await written.fill("teal")
    await written.press("Enter")
    await expect(written).to_have_attribute("aria-invalid", "false")
    await expect(panel.get_by_label("Pick colour")).to_have_value("#008080")
    await panel.get_by_label("Pick colour").fill("#aa0000")
    await expect(written).to_have_value("#aa0000")
    first = panel.get_by_role("slider", name="tone, point 1")
    await first.focus()
    await page.keyboard.press("ArrowUp")
    box = await box_of(panel.locator("svg.curve"))
    await page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    await expect(panel.get_by_role("slider", name="tone, point 3")).to_be_visible()
    await panel.get_by_role("button", name="Add", exact=True).click()
    await panel.get_by_role("button", name="Add", exact=True).click()
    await panel.get_by_label("layers 2, name").select_option("detail")
    await panel.get_by_label("layers 2, strength").fill("0.5")
    await panel.get_by_label("layers 2, strength").press("Tab")
    await panel.get_by_label("layers 1, on").uncheck()
    await panel.get_by_role("button", name="layers 2: up").click()
    more = panel.get_by_label("more, as JSON")
    await more.fill('{"seed": 18446744073709551615}')
    await more.blur()
    await editor.shoot("fields-dark")
    assert await editor.violations() == []
    await page.emulate_media(color_scheme="light")
    await editor.shoot("fields-light")
    assert await editor.violations() == []
    inputs = (await editor.document())["nodes"]["card"]["inputs"]
    assert inputs["colour"] == "#aa0000"
    assert [inputs["tone"][0], len(inputs["tone"])] == [[0, 0.02], 3]
    assert inputs["layers"] == [
        {"on": True, "name": "detail", "strength": 0.5},
        {"on": False, "name": "film", "strength": 1},
    ]
    assert inputs["more"] == {"seed": 2**64 - 1}
    await more.fill("{nothing")
    await more.blur()
    await expect(more).to_have_attribute("aria-invalid", "true")
    assert (await editor.document())["nodes"]["card"]["inputs"]["more"] == {"seed": 2**64 - 1}


async def test_a_seed_goes_on_after_each_run_and_is_used_again(opened: Editor) -> None:
    page, node = opened.page, opened.node("sample")

    async def seed() -> int:
        found: int = (await opened.document())["nodes"]["sample"]["inputs"]["seed"]
        return found

    await opened.fill("sample", "steps", "2")
    await opened.fill("sample", "seed", "41")
    await node.get_by_role("button", name="seed stays the same after each run").click()
    await opened.run()  # it was chosen before it was queued, and goes on then
    assert await seed() == 42
    await node.get_by_role("button", name="seed one more after each run").click()
    await opened.run()
    drawn = await seed()
    assert drawn != 42
    await node.get_by_role("button", name="seed a new one after each run").click()
    await node.get_by_role("button", name="seed: reuse last, 42").click()
    assert await seed() == 42
    await opened.run()
    assert await seed() == 42
    await page.get_by_role("button", name="seed: a new seed").first.click()
    assert await seed() != 42


async def test_a_value_takes_a_link_and_a_socket_says_why_it_does_not(opened: Editor) -> None:
    page = opened.page
    await opened.add("whole number", 250, 620)
    await opened.fill("int", "value", "1024*1.5")
    await opened.plug(("int", "value"), ("sample", "steps"))
    inputs = (await opened.document())["nodes"]["sample"]["inputs"]
    assert inputs["steps"] == {"$link": "int.value"}
    assert (await opened.document())["nodes"]["int"]["inputs"]["value"] == 1536
    await expect(opened.node("sample").locator('[id="sample.steps"]')).to_have_count(0)
    await expect(page.locator("button.run")).to_contain_text("of 8 nodes")

    await page.mouse.move(*await middle(opened.socket("model", "model", out=True)))
    await page.mouse.down()
    await page.mouse.move(500, 600, steps=4)
    plug = opened.node("sample").locator(".plug", has=page.locator('[data-handleid="positive"]'))
    await expect(plug).to_have_attribute("title", "Model does not flow into Conditioning")
    await expect(plug).to_have_css("opacity", "0.25")
    await opened.shoot("dimmed")
    await page.mouse.up()
    await expect(page.locator(".palette")).to_contain_text("Sample")  # only what takes a model
    await expect(page.locator(".palette")).not_to_contain_text("Blur")
    await page.keyboard.press("Escape")


async def test_what_nobody_knows_survives(editor: Editor) -> None:
    strange = json.loads(TEXT_TO_IMAGE.read_text())
    strange["x-own"] = {"kept": [1, 2**60 + 1]}
    strange["nodes"]["odd"] = {"type": "other.pack", "inputs": {"a": {"$link": "decode.image"}}, "x-note": "mine"}
    strange["view"]["nodes"]["sample"]["x-look"] = True
    await editor.drop("strange.json", json.dumps(strange).encode())
    await expect(editor.node("odd")).to_be_visible()
    await editor.pick("odd")
    await expect(editor.page.locator(".inspector")).to_contain_text("This type of node is not installed.")
    await editor.fill("sample", "steps", "3")
    strange["nodes"]["sample"]["inputs"]["steps"] = 3
    assert await editor.document() == strange


async def test_nodes_are_aligned_and_the_map_shows_many(editor: Editor) -> None:
    page = editor.page
    nodes = {f"n{index}": {"type": "primitive.int", "inputs": {}} for index in range(14)}
    places = {name: {"x": 260 * (index % 5) + 13 * index, "y": 160 * (index // 5)} for index, name in enumerate(nodes)}
    document = {"format": "graphengine.workflow", "version": 1, "nodes": nodes, "view": {"nodes": places}}
    await editor.drop("many.json", json.dumps(document).encode())
    await expect(page.locator(".minimap")).to_be_visible(timeout=LONG)
    await page.keyboard.press("Home")
    await box_of(editor.node("n0"))
    await editor.pick("n0", "n5", "n10")
    await page.locator(".inspector").get_by_role("button", name="Align left edges").click()
    told = (await editor.document())["view"]["nodes"]
    assert told["n0"]["x"] == told["n5"]["x"] == told["n10"]["x"]
    assert {told[name]["y"] for name in ("n0", "n5", "n10")} == {0, 160, 320}
    await editor.node("n0").focus()
    await page.keyboard.press("ArrowRight")
    moved = (await editor.document())["view"]["nodes"]
    assert moved["n0"]["x"] > told["n0"]["x"]
    await editor.shoot("many")
    await page.keyboard.press("Control+z")
    await page.keyboard.press("Control+z")
    assert await editor.document() == document
