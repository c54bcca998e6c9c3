from pathlib import Path

import pytest
from click.testing import CliRunner
from commands import PACKS, Command

from graphengine.cli.main import main


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command with the plain pack alone, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAPHENGINE_PACKS", "[]")
    monkeypatch.setenv("GRAPHENGINE_PACK_FOLDER", str(PACKS))
    monkeypatch.setenv("GRAPHENGINE_MODEL_FOLDERS", f'["{tmp_path / "models"}"]')
    return lambda *arguments: CliRunner().invoke(main, [str(each) for each in arguments])
