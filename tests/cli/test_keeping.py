"""What commands remove: files that nobody names, and what is remembered of runs."""

import asyncio
import json
import os
import time
from pathlib import Path

import pytest
from commands import Command
from documents import workflow

from graphengine.files.digest import sha256
from graphengine.service.store import Store


@pytest.fixture
def flows(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("one.json", "two.json")]
    for path in paths:
        path.write_text(json.dumps(workflow({"word": ["plain.word", {"text": f"secret of {path.stem}"}]}).to_json()))
    return paths


def test_history_is_shown_and_cleared(command: Command, flows: list[Path], data_dir: Path) -> None:
    for path in flows:
        assert command("run", path).exit_code == 0
    lines = command("history", "show").stdout.splitlines()
    assert {line.split("nodes  ")[1] for line in lines[:2]} == {str(path) for path in flows}
    assert lines[2].startswith("2 workflows, ")
    assert command("history", "clear", "--origin", flows[0]).stdout == "forgot 1 workflows\n"
    (left,) = json.loads(command("history", "show", "--json").stdout)["workflows"]
    assert (left["origin"], left["nodes"]) == (str(flows[1]), 1)
    texts = [path.read_text() for path in (data_dir / "history").iterdir()]
    assert not any("secret of one" in text for text in texts)
    assert any("secret of two" in text for text in texts)
    assert command("history", "clear").stdout == "forgot 1 workflows\n"
    assert list((data_dir / "history").iterdir()) == []
    assert command("history", "clear").stdout == "forgot 0 workflows\n"


def test_only_what_is_old_is_forgotten(command: Command, flows: list[Path], data_dir: Path) -> None:
    for path in flows:
        command("run", path)
    listed = [path for path in (data_dir / "history").iterdir() if path.name != "durations.json"]
    os.utime(listed[0], (time.time() - 10 * 86_400,) * 2)
    assert json.loads(command("history", "clear", "--age", "7d", "--json").stdout) == {"forgotten": 1}
    assert {path.name for path in (data_dir / "history").iterdir()} == {listed[1].name, "durations.json"}


def test_files_that_nobody_names_are_shown_and_pruned(command: Command, data_dir: Path) -> None:
    assert command("assets", "show").stdout.splitlines() == [
        "named    0, 0 B",
        "unnamed  0, 0 B",
        "would be removed 0, 0 B",
    ]
    assert not data_dir.exists()
    (data_dir / "assets").mkdir(parents=True)
    for content in (b"one", b"second"):
        (data_dir / "assets" / sha256(content)).write_bytes(content)

    async def name_one() -> None:
        store = await Store.open(data_dir)
        await store.library.save("mine", {"nodes": {"a": {"file": f"assets:{sha256(b'one')}"}}}, owner="ann")
        await store.close()

    asyncio.run(name_one())
    assert json.loads(command("assets", "show", "--json").stdout)["unnamed"] == 1
    assert command("assets", "prune").stdout.splitlines()[-1] == "removed 0, 0 B"
    assert command("assets", "prune", "--age", "0s").stdout.splitlines() == [
        "named    1, 3 B",
        "unnamed  0, 0 B",
        "removed 1, 6 B",
    ]
    assert [path.name for path in (data_dir / "assets").iterdir()] == [sha256(b"one")]


def test_while_a_service_runs_it_is_the_service_that_is_asked(command: Command, data_dir: Path) -> None:
    async def beside() -> str:
        store = await Store.open(data_dir)
        try:
            return (await asyncio.to_thread(command, "assets", "prune")).stderr
        finally:
            await store.close()

    assert "POST /api/retention/prune" in asyncio.run(beside())
