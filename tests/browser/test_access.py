"""For everybody: dialogs, the colours that a system chooses, other languages, and what is read out."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from editing import LONG, TEXT_TO_IMAGE, Editor
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.torch

DIALOGS = ("Save as…", "Library…", "Templates…", "Versions…", "Compare with…", "Sweep…", "Keys")


async def test_every_dialog_is_open_to_everybody(opened: Editor) -> None:
    page = opened.page
    told: list[str] = []
    for theme in ("dark", "light"):
        await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for title in DIALOGS:
            await opened.command(title)
            await expect(page.get_by_role("dialog")).to_be_visible()
            told += [f"{theme}, {title}: {each}" for each in await opened.violations()]
            await page.keyboard.press("Escape")
            await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.keyboard.press("Control+k")
        await expect(page.locator("[cmdk-root] input")).to_be_focused()
        told += [f"{theme}, commands: {each}" for each in await opened.violations()]
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Menu", exact=True).click()
        await expect(page.get_by_role("menu")).to_be_visible()
        told += [f"{theme}, menu: {each}" for each in await opened.violations()]
        await page.keyboard.press("Escape")
    assert told == []


async def test_the_colours_of_the_system_hide_nothing(opened: Editor) -> None:
    page = opened.page
    await page.emulate_media(forced_colors="active")
    await opened.node("sample").locator("header").click()
    await opened.shoot("forced-colors")
    run = page.locator("button.run")
    assert await run.evaluate("each => getComputedStyle(each).borderTopWidth") == "1px"
    assert (
        await opened.node("sample").locator("article").evaluate("each => getComputedStyle(each).outlineStyle")
        == "solid"
    )
    sockets = opened.node("sample").locator(".react-flow__handle")
    adjusted = await sockets.evaluate_all("all => all.map(each => getComputedStyle(each).forcedColorAdjust)")
    assert set(adjusted) == {"none"}  # their colour says their type
    assert await opened.violations() == []
    await opened.command("Keys")
    await opened.shoot("forced-colors-keys")
    assert await opened.violations() == []
    await page.keyboard.press("Escape")
    await page.emulate_media(forced_colors="none", contrast="more")
    await opened.shoot("more-contrast")
    assert await opened.violations() == []


async def test_the_editor_speaks_german(browser: Browser, address: str) -> None:
    context = await browser.new_context(viewport={"width": 1600, "height": 900}, locale="de-AT")
    editor = Editor(await context.new_page(), Path(__file__).parent / "screenshots")
    await editor.open(address)
    page = editor.page
    assert await page.evaluate("document.documentElement.lang") == "de"
    await editor.drop(TEXT_TO_IMAGE.name, TEXT_TO_IMAGE.read_bytes())
    await expect(page.locator("button.run")).to_contain_text("Ausführen")
    await expect(page.locator("button.run")).to_contain_text("von 7 Knoten")
    await page.get_by_role("button", name="Tasten").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Rückgängig")
    await editor.shoot("german")
    assert await editor.violations() == []
    await page.keyboard.press("Escape")
    await editor.pick("decode")
    await page.get_by_role("button", name="vae trennen").click()
    await expect(page.locator(".problems")).to_contain_text("Vae wird gebraucht")  # as the service says by its code
    await page.get_by_role("button", name="Menü", exact=True).click()
    await page.get_by_role("menuitem", name="Bearbeiten").press("ArrowRight")
    await expect(page.get_by_role("menuitem", name="Rückgängig: Lösen")).to_be_visible()  # and what was done
    await context.close()
    assert editor.complaints == []


async def test_a_run_is_told_to_who_does_not_see_it(opened: Editor) -> None:
    page = opened.page
    news = page.locator("p[role=status]")
    mark = await page.evaluate("document.querySelector('link[rel=icon]').href")
    await opened.fill("sample", "steps", "61")
    await opened.listen()
    await page.locator("button.run").click()
    await expect(news).to_have_text(re.compile(r"Text to image: finished after [\d.]+ (s|min.*)\."), timeout=LONG)
    said = await opened.said()
    assert "Text to image: started." in said
    assert any(re.match(r"\d+ % · Text to image", each) for each in said)
    assert any(each.startswith("data:image/svg+xml") for each in said)
    await expect(page.locator(".job")).to_have_count(0, timeout=LONG)
    await page.wait_for_function("() => /^Text to image/.test(document.title)")
    assert await page.evaluate("document.querySelector('link[rel=icon]').href") == mark
    await expect(page.locator(".timeline h2")).to_contain_text(re.compile(r"peak [\d.]+ [MG]B"))
    await opened.shoot("timeline")
    assert await opened.violations() == []


async def test_who_comes_is_asked_for_a_token(chromium: str, browser: Browser, tmp_path: Path) -> None:
    del chromium
    folder = ["--data-dir", str(tmp_path)]
    start = [sys.executable, "-m", "graphengine"]
    made = await asyncio.to_thread(
        subprocess.run, [*start, "token", "add", "ada", *folder], capture_output=True, text=True, check=True
    )
    secret = made.stdout.split()[-1]
    server = await asyncio.create_subprocess_exec(
        *start,
        "serve",
        "--port",
        "0",
        *folder,
        stdout=subprocess.PIPE,
        env={**os.environ, "GRAPHENGINE_GRACE_SECONDS": "1"},
    )
    try:
        assert server.stdout is not None
        found = re.search(r"http://\S+", (await server.stdout.readline()).decode())
        assert found is not None
        context = await browser.new_context(viewport={"width": 1200, "height": 800})
        editor = Editor(await context.new_page(), Path(__file__).parent / "screenshots")
        await editor.page.goto(found[0])
        page, dialog = editor.page, editor.page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Who is it?")
        await editor.shoot("login")
        assert await editor.violations() == []
        await dialog.get_by_label("Token").fill("wrong")
        await dialog.get_by_role("button", name="Come in").click()
        await expect(dialog.get_by_role("alert")).to_be_visible()
        await expect(dialog.get_by_label("Token")).to_have_attribute("aria-invalid", "true")
        assert await editor.violations() == []
        await dialog.get_by_label("Token").fill(secret)
        await dialog.get_by_role("button", name="Come in").click()
        await expect(page.get_by_role("button", name="Templates…")).to_be_visible()
        await expect(dialog).to_have_count(0)
        await page.get_by_role("button", name="Add a node").click()
        await expect(page.locator(".palette [cmdk-item]").first).to_be_visible()  # the catalogue has come
        await editor.choose("Load model")
        await expect(editor.node("load")).to_be_visible()
        assert await page.evaluate("document.cookie") == ""  # no script reads the token
        await page.reload()
        await expect(page.get_by_role("button", name="Templates…")).to_be_visible()
        await expect(dialog).to_have_count(0)
        await editor.command("Log out")
        await expect(dialog).to_contain_text("Who is it?")
        assert [each for each in editor.complaints if "401" not in each and "403" not in each] == []
        await context.close()
    finally:
        server.terminate()
        await server.wait()
