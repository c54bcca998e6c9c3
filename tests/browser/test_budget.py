"""What a visitor has to wait for: the scripts of the first page, and the time until it can be used."""

import gzip
import re
import time
from collections.abc import Callable

import pytest
from editing import Editor

from graphengine.server.page import BUILT

MOST = 300_000
"""The bytes, compressed, of the scripts that the first page loads."""


@pytest.mark.usefixtures("chromium")  # without which nothing is built
def test_the_first_scripts_are_small(figure: Callable[[str], None]) -> None:
    page = (BUILT / "index.html").read_text()
    names = re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', page)
    assert names
    size = sum(len(gzip.compress((BUILT / name).read_bytes())) for name in names)
    figure(f"first scripts: {size / 1_000:.0f} kB compressed")
    assert size <= MOST


@pytest.mark.torch
async def test_it_can_soon_be_used(editor: Editor, address: str, figure: Callable[[str], None]) -> None:
    begin = time.perf_counter()
    await editor.open(address)
    await editor.page.locator("button.run").click(trial=True)
    figure(f"from navigation to usable: {time.perf_counter() - begin:.2f} s")
