"""Workflow and lock inside files of every kind that has room for them."""

from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from graphengine.files.carried import COMMENT, carried_texts
from graphengine.files.compare import compare
from graphengine.files.exif import MOST_IN_JPEG, exif_of, texts_in
from graphengine.files.origin import LOCK, WORKFLOW

TEXTS: Mapping[str, str] = {WORKFLOW: '{"title": "\\u8a66\\u9a13 é"}', LOCK: '{"version": 1}'}


@pytest.mark.parametrize("format_", ["jpeg", "webp", "tiff"])
def test_pictures_that_are_no_png_carry_it_too(tmp_path: Path, format_: str) -> None:
    path = tmp_path / "picture"
    Image.new("RGB", (8, 8), "red").save(path, format_, exif=exif_of(TEXTS, format_))
    assert carried_texts(path) == TEXTS
    Image.new("RGB", (8, 8), "red").save(path, format_)
    assert carried_texts(path) == {}
    exif = Image.Exif()
    exif[0x010E] = "taken on a rainy day"
    Image.new("RGB", (8, 8), "red").save(path, format_, exif=exif)
    assert carried_texts(path) == {}


def test_a_jpeg_has_no_room_for_much(tmp_path: Path) -> None:
    large = {WORKFLOW: "x" * MOST_IN_JPEG}
    assert exif_of(large, "jpeg") is None
    for format_ in ("webp", "tiff"):
        Image.new("RGB", (8, 8)).save(tmp_path / "picture", format_, exif=exif_of(large, format_))
        assert carried_texts(tmp_path / "picture") == large
    fits = {WORKFLOW: "x" * (MOST_IN_JPEG - 40)}
    Image.new("RGB", (8, 8)).save(tmp_path / "picture", "jpeg", exif=exif_of(fits, "jpeg"))
    assert carried_texts(tmp_path / "picture") == fits


def film(path: Path, level: int, frames: int = 3, comment: str = "") -> None:
    with av.open(str(path), "w") as container:
        if comment:
            container.metadata[COMMENT] = comment
        stream = container.add_stream("libx264", rate=8)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for index in range(frames):
            picture = np.full((64, 64, 3), level + index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_videos_carry_it_in_their_container(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    film(path, 100, comment='{"graphengine.workflow": "{}", "other": "x"}')
    assert carried_texts(path) == {WORKFLOW: "{}"}
    film(path, 100)
    assert carried_texts(path) == {}
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(OSError, match=r"broken|Invalid|End of file"):
        carried_texts(path)


def test_a_comment_in_another_encoding_is_none(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    film(path, 100, comment="a" * 40)
    path.write_bytes(path.read_bytes().replace(b"a" * 40, b"\xe4" * 40))
    assert carried_texts(path) == {}


@pytest.mark.parametrize("comment", ["", "[]", "{", "null", '{"graphengine.workflow": 5}', "[" * 100_000])
def test_other_comments_are_none(comment: str) -> None:
    assert texts_in(comment) == {}
    assert texts_in(comment.encode()) == {}


def test_videos_are_compared_frame_by_frame(tmp_path: Path) -> None:
    before, now = tmp_path / "a.mp4", tmp_path / "b.mp4"
    film(before, 100)
    film(now, 100, comment="told")
    found = compare(before, now)
    assert (found.identical, found.same, found.values) == (False, True, 3 * 64 * 96)
    film(now, 110)
    found = compare(before, now)
    assert not found.same
    assert 5 <= found.largest <= 15
    film(now, 100, frames=4)
    assert "has 3 frames" in compare(before, now).problem


def test_what_shows_nothing_is_compared_by_its_bytes(tmp_path: Path) -> None:
    before, now = tmp_path / "a.glb", tmp_path / "b.glb"
    before.write_bytes(b"glTF one")
    now.write_bytes(b"glTF one")
    assert compare(before, now).identical
    now.write_bytes(b"glTF two")
    found = compare(before, now)
    assert (found.same, "neither pictures nor videos" in found.problem) == (False, True)


def test_alpha_and_palettes_are_compared_as_they_are_seen(tmp_path: Path) -> None:
    before, now = tmp_path / "a.png", tmp_path / "b.png"
    Image.new("RGBA", (4, 4), (9, 9, 9, 100)).save(before)
    Image.new("RGBA", (4, 4), (9, 9, 9, 101)).save(now)
    found = compare(before, now)
    assert (found.differing, found.values, found.largest) == (16, 64, 1)
    Image.new("RGB", (4, 4), (9, 9, 9)).save(now)
    assert "with 4 channels" in compare(before, now).problem
