"""Five hundred nodes: how much of the page's own time a frame takes, by its clock and not by the wall's."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from editing import Editor
from playwright.async_api import CDPSession, expect

pytestmark = pytest.mark.torch

FRAMES = 60
COLUMNS = 25
MOST_TO_OPEN = 600
"""Milliseconds of the main thread."""


def large(count: int = 500) -> dict[str, Any]:
    """Return chains of samplers, each fed by the one before it, and by nodes that feed all of a row."""
    nodes: dict[str, Any] = {}
    places: dict[str, Any] = {}
    for index in range(count):
        row, column = divmod(index, COLUMNS)
        name = f"n{index}"
        inputs: dict[str, Any] = {"seed": index, "steps": 20}
        if column == 0:
            nodes[name] = {"type": "model.load", "inputs": {"source": "builtin:shapes-128"}}
        elif column == 1:
            nodes[name] = {
                "type": "text.encode",
                "inputs": {"encoder": link(row, 0, "text_encoder"), "text": f"{index}"},
            }
        elif column == 2:
            nodes[name] = {"type": "latent.empty", "inputs": {"model": link(row, 0, "model")}}
        else:
            inputs |= {"model": link(row, 0, "model"), "latent": link(row, column - 1, "latent")}
            inputs |= {"positive": link(row, 1, "conditioning"), "negative": link(row, 1, "conditioning")}
            nodes[name] = {"type": "sampling.sample", "inputs": inputs}
        places[name] = {"x": column * 290, "y": row * 350}
    return {"format": "graphengine.workflow", "version": 1, "title": "large", "nodes": nodes, "view": {"nodes": places}}


def link(row: int, column: int, output: str) -> dict[str, str]:
    return {"$link": f"n{row * COLUMNS + column}.{output}"}


class Clock:
    """The time that the page's main thread was given by the processor, in milliseconds; when it waits, it rests."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session

    async def start(self) -> None:
        await self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    async def read(self) -> float:
        told = await self._session.send("Performance.getMetrics")
        return 1_000 * next(each["value"] for each in told["metrics"] if each["name"] == "TaskDuration")


async def test_frames_are_cheap(editor: Editor, figure: Callable[[str], None]) -> None:
    page = editor.page
    clock = Clock(await page.context.new_cdp_session(page))
    await clock.start()
    await expect(page.locator(".empty")).to_be_visible()
    await page.wait_for_load_state("networkidle")  # what the page itself costs is another figure

    begin = await clock.read()
    await editor.drop("large.json", json.dumps(large()).encode())
    await expect(page.locator(".react-flow__node").first).to_be_visible()
    await asyncio.sleep(1.0)
    loaded = await clock.read() - begin
    elements = await page.evaluate("document.querySelectorAll('*').length")

    await page.keyboard.press("1")  # to 100 %
    await asyncio.sleep(1.0)
    near = await page.evaluate("document.querySelectorAll('*').length")
    node = page.locator(".react-flow__node:has-text('Sample')").first
    box = await node.bounding_box()
    assert box is not None
    drag = await moved(editor, clock, (box["x"] + 60, box["y"] + 14), "left")
    pan = await moved(editor, clock, (700, 400), "middle")
    figure(
        f"500 nodes: {loaded:.0f} ms to open, {elements} elements, {near} at 100 %; "
        f"per frame {drag:.1f} ms for a drag, {pan:.1f} ms for a pan"
    )
    assert loaded < MOST_TO_OPEN
    assert elements < 6_000
    assert near < 6_000
    assert drag < 15
    assert pan < 20


async def moved(editor: Editor, clock: Clock, at: tuple[float, float], button: Any) -> float:
    """Return the milliseconds per frame of a movement of the hand."""
    mouse = editor.page.mouse
    await mouse.move(*at)
    await mouse.down(button=button)
    await mouse.move(at[0] + 5, at[1] + 5)
    begin = await clock.read()
    frames = await editor.page.evaluate(
        "window.frames_ = 0, (function count() { window.frames_++; requestAnimationFrame(count) })(), 0"
    )
    for step in range(FRAMES):
        await mouse.move(at[0] + 5 + step * 2, at[1] + 5 + step)
        await asyncio.sleep(0.016)
    spent = await clock.read() - begin
    frames = await editor.page.evaluate("window.frames_") - frames
    await mouse.up(button=button)
    return spent / min(frames, FRAMES)
