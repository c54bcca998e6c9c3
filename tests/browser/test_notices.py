"""A workflow whose models lie here under other names says so, where they are named; and where they are missing."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from documents import model_file
from editing import Editor
from playwright.async_api import Browser, expect
from servers import ServerProcess, document

from graphengine.files.digest import Digests


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
async def server(tmp_path: Path, models: Path) -> AsyncIterator[ServerProcess]:
    server = ServerProcess(tmp_path / "data", GRAPHENGINE_MODEL_FOLDERS=json.dumps([str(models)]))
    yield server
    server.kill()


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_model_under_another_name(browser: Browser, server: ServerProcess, models: Path, language: str) -> None:
    model_file(models / "mine.safetensors", 50)
    model_file(models / "changed.safetensors", 60)
    pins = {
        "models:theirs.safetensors": {"sha256": Digests().of(models / "mine.safetensors")},
        "models:changed.safetensors": {"sha256": "0" * 64},
    }
    nodes = {name: ["plain.recipe", {"file": reference}] for name, reference in zip("ab", pins, strict=True)}
    view = {"nodes": {"a": {"x": 0, "y": 0}, "b": {"x": 300, "y": 0}}}
    outputs = {"one": {"from": "a.recipe"}, "two": {"from": "b.recipe"}}
    text = json.dumps(document(nodes, models=pins, title="Found", view=view, outputs=outputs)).encode()

    page = await browser.new_page(viewport={"width": 1600, "height": 900}, color_scheme="dark", locale=language)
    editor = Editor(page, Path(__file__).parent / "screenshots")
    await editor.open(await server.start())
    await editor.drop("found.json", text)
    notes = page.locator(".problems li")
    await expect(notes).to_have_count(2)
    found, differs = {
        "en": ("was found by its content", "is not what the workflow was made with"),
        "de": ("wurde an seinem Inhalt gefunden", "ist nicht, womit der Workflow gemacht wurde"),
    }[language]
    await expect(notes.filter(has_text="a.file")).to_contain_text(found)
    await expect(notes.filter(has_text="models:mine.safetensors")).to_have_count(1)
    await expect(notes.filter(has_text="b.file")).to_contain_text(differs)
    await expect(editor.node("a").locator(".row.noted")).to_have_count(1)
    await editor.pick("a")
    await expect(page.locator(".inspector .noted")).to_contain_text("models:mine.safetensors")
    for theme in ("dark", "light"):
        await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        await editor.shoot(f"notices-{language}-{theme}")
        assert await editor.violations() == []
    await page.keyboard.press("q")  # closed, the dock still says that there is something
    await expect(page.locator(".dock .quiet-word")).to_contain_text(": 2")

    (models / "mine.safetensors").unlink()
    await editor.drop("again.json", text)
    await expect(editor.node("a").locator(".row.wrong")).to_have_count(1)
    await expect(editor.node("a").locator(".row.noted")).to_have_count(0)
    await editor.shoot(f"notices-missing-{language}")
    await page.close()
    assert editor.complaints == []
