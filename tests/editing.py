"""The hands and eyes of the browser tests."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

from playwright.async_api import ConsoleMessage, Locator, Page, expect

LONG = 120_000
"""The milliseconds that a first run may take on a busy machine: workers start, and load their model."""

TEXT_TO_IMAGE = Path(__file__).parents[1] / "workflows" / "text-to-image.json"
AXE = Path(__file__).parents[1] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"

DROP = """([text, name]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


SETTLED = """
() => Promise.allSettled(document.getAnimations()
    .filter(each => each.effect.getComputedTiming().endTime !== Infinity).map(each => each.finished))
"""


class Editor:
    """An editor in a page.

    Attributes:
        complaints: what the browser had to say: errors, and what the page's policy forbade.
    """

    def __init__(self, page: Page, screenshots: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._screenshots = screenshots
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def open(self, address: str) -> None:
        await self.page.goto(address)
        await self.page.wait_for_selector(".canvas")

    def node(self, name: str) -> Locator:
        return self.page.locator(f'.react-flow__node[data-id="{name}"]')

    def socket(self, node: str, name: str, *, out: bool = False) -> Locator:
        side = "source" if out else "target"
        return self.node(node).locator(f'.react-flow__handle.{side}[data-handleid="{name}"]')

    async def add(self, words: str, x: float, y: float) -> None:
        """Add a node by a double click and a few letters."""
        await self.page.mouse.dblclick(x, y)
        await self.choose(words)

    async def choose(self, words: str) -> None:
        """Choose from the palette."""
        await self.page.locator(".palette input").fill(words)
        await self._take_first()
        await expect(self.page.locator(".palette")).to_have_count(0)

    async def plug(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Draw a link from an output to an input."""
        await self.pull(source, await middle(self.socket(*target)))

    async def pull(self, source: tuple[str, str], to: tuple[float, float]) -> None:
        """Draw a link from an output to a place."""
        await drag(self, await middle(self.socket(*source, out=True)), to)

    async def fill(self, node: str, name: str, value: str) -> None:
        """Write a value into a field of a node."""
        field = self.page.locator(f'[id="{node}.{name}"]')
        await field.click()
        await field.fill(value)
        await self.page.keyboard.press("Tab")

    async def pick(self, *names: str) -> None:
        """Select nodes by clicks on their heads."""
        for number, name in enumerate(names):
            await self.node(name).locator("header").click(modifiers=["Shift"] if number else [])

    async def write(self, words: str) -> None:
        """Write a few letters into the list that is open, and take the first of it."""
        await expect(self.page.locator(".palette input")).to_be_focused()
        await self.page.keyboard.type(words)
        await self._take_first()

    async def _take_first(self) -> None:
        """Take the first of the open list once there is one: a server just started has no nodes to offer yet."""
        await expect(self.page.locator(".palette [cmdk-item][data-selected=true]")).to_be_visible(timeout=LONG)
        await self.page.keyboard.press("Enter")

    async def drop(self, name: str, content: bytes) -> None:
        await self.page.evaluate(DROP, [base64.b64encode(content).decode(), name])

    async def document(self) -> dict[str, Any]:
        """Return the document that is looked at, as it would be downloaded."""
        async with self.page.expect_download() as arriving:
            await self.command("Download as JSON")
        path = await (await arriving.value).path()
        found: dict[str, Any] = json.loads(await asyncio.to_thread(Path(path).read_text))
        return found

    async def command(self, title: str) -> None:
        """Find a command by its title, and do it."""
        await expect(self.page.locator("[role=dialog]")).to_have_count(0)
        await self.page.keyboard.press("Control+k")
        await self.page.locator("[cmdk-root] input").fill(title)
        await expect(self.page.locator("[cmdk-item][data-selected=true]")).to_contain_text(title)
        await self.page.keyboard.press("Enter")

    async def run(self) -> None:
        """Run, and wait until nothing runs any more."""
        before = await self.page.locator(".results img").count()
        await self.page.locator("button.run").click()
        await expect(self.page.locator(".results img")).to_have_count(before + 1, timeout=LONG)
        await expect(self.page.locator(".job")).to_have_count(0, timeout=LONG)

    async def shoot(self, name: str) -> None:
        """Take a picture for people to look at."""
        self._screenshots.mkdir(exist_ok=True)
        await self.page.screenshot(path=self._screenshots / f"{name}.png")

    async def violations(self) -> list[str]:
        """Return what stands between the page as it is and somebody who does not see it, or needs the keys."""
        await self.page.evaluate(SETTLED)  # what is half faded in has no contrast yet
        session = await self.page.context.new_cdp_session(self.page)  # the page's policy lets no script in
        await session.send("Runtime.evaluate", {"expression": await asyncio.to_thread(AXE.read_text)})
        await session.detach()
        seen = "{ exclude: [['[aria-hidden=true]']] }"  # what lies behind a dialog is dimmed, and is not for anybody
        found = await self.page.evaluate(f"axe.run({seen}, {{ resultTypes: ['violations'] }})")
        nodes = ((each["id"], node) for each in found["violations"] for node in each["nodes"][:3])
        return [f"{id_}: {node['html'][:160]}: {node['failureSummary'][:300]}" for id_, node in nodes]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


async def drag(editor: Editor, begin: tuple[float, float], end: tuple[float, float]) -> None:
    await editor.page.mouse.move(*begin)
    await editor.page.mouse.down()
    await editor.page.mouse.move(*end, steps=6)
    await editor.page.mouse.up()


async def middle(what: Locator) -> tuple[float, float]:
    """Return the middle of an element, once it stands still: nodes grow with what they show, and the view moves."""
    seen = [await what.bounding_box()]
    async with asyncio.timeout(30):
        while len(seen) < 3 or seen[-3:] != [seen[-1]] * 3:
            await asyncio.sleep(0.05)
            seen.append(await what.bounding_box())
    box = seen[-1]
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
