"""Workflow and lock inside files of every kind that has room for them."""

import io
import json
from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np
import OpenEXR
import pytest
import trimesh
from PIL import Image

from graphengine.files.carried import COMMENT, add_texts, carried_texts
from graphengine.files.compare import compare
from graphengine.files.exif import MOST_IN_JPEG, exif_of
from graphengine.files.glb import glb_shown, glb_with
from graphengine.files.lines import obj_with, ply_with
from graphengine.files.origin import LOCK, WORKFLOW, texts_in
from graphengine.workflow.load import load_workflow

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
    before, now = tmp_path / "a.bin", tmp_path / "b.bin"
    before.write_bytes(b"what one")
    now.write_bytes(b"what one")
    assert compare(before, now).identical
    now.write_bytes(b"what two")
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


# ------------------------------------------------------------------ files that move, and files of light


def pictures(count: int = 3) -> list[Image.Image]:
    levels = np.random.default_rng(0).integers(0, 255, (count, 24, 40, 3), np.uint8)
    return [Image.fromarray(each) for each in levels]


@pytest.mark.parametrize("format_", ["gif", "webp"])
@pytest.mark.parametrize("count", [2, 3])
def test_animations_carry_it_beside_their_frames(tmp_path: Path, format_: str, count: int) -> None:
    path, plain = tmp_path / "moves", tmp_path / "plain"
    first, *rest = pictures(count)
    for each in (path, plain):
        first.save(each, format_, save_all=True, append_images=rest, duration=50)
    assert carried_texts(path) == {}
    add_texts(path, {})
    assert path.read_bytes() == plain.read_bytes()
    long = {**TEXTS, WORKFLOW: '{"title": "' + "x" * 1001 + '"}'}
    add_texts(path, long)
    assert carried_texts(path) == long
    found = compare(plain, path)
    assert (found.identical, found.same) == (False, True)
    with Image.open(path) as animation:
        assert getattr(animation, "n_frames", 1) == count
    if format_ == "gif":
        with av.open(str(path)) as container:
            assert len(list(container.decode(video=0))) == count
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(OSError, match="cut off"):
            carried_texts(path)
        with pytest.raises(OSError, match="not a whole GIF"):
            add_texts(path, TEXTS)


def test_a_webp_of_one_frame(tmp_path: Path) -> None:
    """Its form has no place for Exif, and becomes the one that has."""
    for lossless in (True, False):
        for mode in ("RGB", "RGBA"):
            path, plain = tmp_path / "still.webp", tmp_path / "plain.webp"
            for each in (path, plain):
                pictures()[0].convert(mode).save(each, lossless=lossless)
            add_texts(path, TEXTS)
            assert carried_texts(path) == TEXTS
            assert compare(plain, path).same


def exr(path: Path, comments: str, change: float = 0.0) -> Path:
    values = np.linspace(0, 2, 12, dtype=np.float32).reshape(3, 4)
    half = values.astype(np.float16)
    half[1, 1] += np.float16(change)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    header |= {"comments": comments} if comments else {}
    with OpenEXR.File(header, {"Z": values, "A": half}) as made:
        made.write(str(path))
    return path


def test_exr(tmp_path: Path) -> None:
    plain, told, other = (tmp_path / f"{name}.exr" for name in ("plain", "told", "other"))
    exr(plain, "")
    assert carried_texts(plain) == {}
    exr(told, json.dumps(TEXTS))
    assert carried_texts(told) == TEXTS
    found = compare(plain, told)
    assert (found.identical, found.same, found.values) == (False, True, 24)
    found = compare(plain, exr(other, "by hand", change=0.001))
    assert (found.same, found.differing) == (False, 1)
    assert found.largest > 0
    assert carried_texts(other) == {}
    other.write_bytes(other.read_bytes()[:40])
    with pytest.raises(OSError, match="cut off"):
        carried_texts(other)


# ------------------------------------------------------------------ bodies


TELLING = {"glb": glb_with, "ply": ply_with, "obj": obj_with}


def body(kind: str, size: float = 1.0) -> bytes:
    content = trimesh.creation.box((size, 1, 1)).export(file_type=kind)
    return content.encode() if isinstance(content, str) else content


@pytest.mark.parametrize("kind", TELLING)
def test_bodies(tmp_path: Path, kind: str) -> None:
    path, plain = tmp_path / "body", tmp_path / "plain"
    plain.write_bytes(body(kind))
    long = {**TEXTS, WORKFLOW: json.dumps({"title": "x" * 1001})}
    path.write_bytes(TELLING[kind](body(kind), long))
    assert carried_texts(path) == long
    assert max(map(len, path.read_bytes().split(b"\n")[:8])) < 130 or kind == "glb"
    found = compare(plain, path)
    assert (found.identical, found.same) == (False, True)
    read = trimesh.load(io.BytesIO(path.read_bytes()), file_type=kind, force="mesh")
    assert read.volume == pytest.approx(1)
    path.write_bytes(TELLING[kind](body(kind, 2.0), TEXTS))
    assert compare(plain, path).problem == "the bodies differ"
    if kind != "obj":  # without such lines it is any text
        assert carried_texts(plain) == {}


@pytest.mark.parametrize("content", [b"glTF", b"glTF\2\0\0\0\x30\0\0\0\x10\0\0\0JSON[]", b"glTF" + b"\xff" * 40])
def test_a_broken_glb(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.glb"
    path.write_bytes(content)
    if content.endswith(b"\xff"):
        assert carried_texts(path) == {}  # it claims to be too long to look at
        return
    with pytest.raises(OSError, match="not a whole GLB file"):
        carried_texts(path)


def test_extras_of_others_stay() -> None:
    told = glb_with(glb_with(body("glb"), {"other": "x"}), TEXTS)
    document, _ = glb_shown(told)
    assert "extras" not in document["asset"]
    assert b'"other":"x"' in told
    assert len(told) % 4 == 0


@pytest.mark.parametrize("kind", ["gif", "exr", "glb", "ply", "obj", "mp4"])
def test_a_workflow_is_loaded_from_what_carries_one(tmp_path: Path, kind: str) -> None:
    texts = {WORKFLOW: json.dumps({"format": "graphengine.workflow", "version": 1, "title": "told", "nodes": {}})}
    path = tmp_path / "what"
    if kind == "gif":
        pictures()[0].save(path, "gif")
        add_texts(path, texts)
    elif kind == "exr":
        exr(path, json.dumps(texts))
    elif kind == "mp4":
        film(tmp_path / "what.mp4", 100, comment=json.dumps(texts))
        path = tmp_path / "what.mp4"
    else:
        path.write_bytes(TELLING[kind](body(kind), texts))
    assert load_workflow(path).title == "told"
