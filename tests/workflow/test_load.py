import json
from pathlib import Path

import pytest
from documents import chain
from PIL import Image as Pillow

from graphengine.errors import WorkflowError
from graphengine.files.picture import KEYWORD, png_text
from graphengine.workflow.load import load_workflow


def test_json_and_pictures_hold_the_same_workflow(tmp_path: Path) -> None:
    workflow = chain(3)
    text = json.dumps(workflow.to_json())
    (tmp_path / "a.json").write_text(text)
    Pillow.new("RGB", (4, 4)).save(tmp_path / "picture.json", format="PNG", pnginfo=png_text({KEYWORD: text}))
    assert load_workflow(tmp_path / "a.json") == load_workflow(tmp_path / "picture.json") == workflow


def test_what_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    Pillow.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    for path, reason in [
        (tmp_path / "none.json", "there is no file"),
        (tmp_path, "cannot be read"),
        (tmp_path / "plain.png", "carries no workflow"),
    ]:
        with pytest.raises(WorkflowError, match=reason):
            load_workflow(path)
