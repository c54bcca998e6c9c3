import json
from pathlib import Path

import pytest
from PIL import Image as Pillow

from graphengine.files.picture import KEYWORD, png_text, workflow_text


def test_a_workflow_survives_in_a_picture(tmp_path: Path) -> None:
    text = json.dumps({"title": "é 漢字 🎨", "n": 2**63, "long": "x" * 3_000_000})
    Pillow.new("RGB", (8, 8)).save(tmp_path / "a.png", pnginfo=png_text({KEYWORD: text}))
    assert workflow_text(tmp_path / "a.png") == text


def test_a_plain_picture_carries_none(tmp_path: Path) -> None:
    Pillow.new("RGB", (8, 8)).save(tmp_path / "a.png")
    assert workflow_text(tmp_path / "a.png") is None


@pytest.mark.parametrize("keep", [8, 20, 60])
def test_a_broken_picture_is_an_os_error(tmp_path: Path, keep: int) -> None:
    Pillow.new("RGB", (64, 64), "red").save(tmp_path / "a.png", pnginfo=png_text({KEYWORD: "x" * 1000}))
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:keep])
    with pytest.raises(OSError, match="not a whole PNG"):
        workflow_text(tmp_path / "a.png")
