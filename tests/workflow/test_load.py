import json
import os
from pathlib import Path

import av
import numpy as np
import pytest
from documents import chain
from PIL import Image as Pillow

from graphengine.errors import WorkflowError
from graphengine.files.carried import COMMENT
from graphengine.files.exif import exif_of
from graphengine.files.origin import WORKFLOW
from graphengine.files.picture import png_text
from graphengine.workflow.load import load_workflow


def test_json_and_pictures_hold_the_same_workflow(tmp_path: Path) -> None:
    workflow = chain(3)
    text = json.dumps(workflow.to_json())
    (tmp_path / "a.json").write_text(text)
    Pillow.new("RGB", (4, 4)).save(tmp_path / "picture.json", format="PNG", pnginfo=png_text({WORKFLOW: text}))
    assert load_workflow(tmp_path / "a.json") == load_workflow(tmp_path / "picture.json") == workflow


@pytest.mark.parametrize("format_", ["jpeg", "webp", "tiff"])
def test_other_pictures_hold_it_too(tmp_path: Path, format_: str) -> None:
    text = json.dumps(chain(3).to_json())
    picture = Pillow.new("RGB", (4, 4))
    picture.save(tmp_path / "a", format=format_, exif=exif_of({WORKFLOW: text}, format_))
    assert load_workflow(tmp_path / "a") == chain(3)
    picture.save(tmp_path / "a", format=format_)
    with pytest.raises(WorkflowError, match="carries no workflow"):
        load_workflow(tmp_path / "a")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_videos_hold_it_too(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    with av.open(str(path), "w") as container:
        container.metadata[COMMENT] = json.dumps({WORKFLOW: json.dumps(chain(3).to_json())})
        stream = container.add_stream("libx264", rate=8)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    assert load_workflow(path) == chain(3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_of_every_encoding_is_text(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a").write_bytes(json.dumps(chain(3).to_json(), indent=2).encode(encoding))
    assert load_workflow(tmp_path / "a") == chain(3)
    (tmp_path / "a").write_text("\n  [1]")
    with pytest.raises(WorkflowError, match="a workflow is a JSON object"):
        load_workflow(tmp_path / "a")
    (tmp_path / "a").write_bytes(bytes(range(256)))
    with pytest.raises(WorkflowError, match="neither a JPEG nor"):
        load_workflow(tmp_path / "a")


def test_what_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    Pillow.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    for path, reason in [
        (tmp_path / "none.json", "there is no file"),
        (tmp_path, "cannot be read"),
        (tmp_path / "plain.png", "carries no workflow"),
    ]:
        with pytest.raises(WorkflowError, match=reason):
            load_workflow(path)


def test_a_broken_picture_is_one_malformed_document(tmp_path: Path) -> None:
    Pillow.new("RGB", (64, 64), "red").save(tmp_path / "a.png", pnginfo=png_text({WORKFLOW: "x" * 1000}))
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:200])
    with pytest.raises(WorkflowError) as caught:
        load_workflow(tmp_path / "a.png")
    (problem,) = caught.value.problems
    assert problem.code == "malformed_document"
    assert problem.message == f"{tmp_path / 'a.png'} is not a whole PNG file: it is cut off"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_no_workflow(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WorkflowError, match="it is not a file"):
        load_workflow(tmp_path / "pipe")
