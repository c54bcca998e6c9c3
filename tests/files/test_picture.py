import json
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image as Pillow

from graphengine.files.origin import MAX_TEXT, WORKFLOW
from graphengine.files.picture import SIGNATURE, png_text, png_texts


def test_a_workflow_survives_in_a_picture(tmp_path: Path) -> None:
    text = json.dumps({"title": "é 漢字 🎨", "n": 2**63, "long": "x" * 3_000_000})
    Pillow.new("RGB", (8, 8)).save(tmp_path / "a.png", pnginfo=png_text({WORKFLOW: text}))
    assert png_texts(tmp_path / "a.png").get(WORKFLOW) == text


def test_a_plain_picture_carries_none(tmp_path: Path) -> None:
    Pillow.new("RGB", (8, 8)).save(tmp_path / "a.png")
    assert png_texts(tmp_path / "a.png").get(WORKFLOW) is None


@pytest.mark.parametrize("keep", [8, 20, 60])
def test_a_broken_picture_is_an_os_error(tmp_path: Path, keep: int) -> None:
    Pillow.new("RGB", (64, 64), "red").save(tmp_path / "a.png", pnginfo=png_text({WORKFLOW: "x" * 1000}))
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:keep])
    with pytest.raises(OSError, match="not a whole PNG"):
        png_texts(tmp_path / "a.png").get(WORKFLOW)


def chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


def png(*chunks: bytes, side: int = 8) -> bytes:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return SIGNATURE + b"".join([chunk(b"IHDR", header), *chunks, chunk(b"IEND", b"")])


def itxt(text: bytes, *, compressed: bool = False) -> bytes:
    flags = b"\1\0" if compressed else b"\0\0"
    body = zlib.compress(text) if compressed else text
    return chunk(b"iTXt", WORKFLOW.encode() + b"\0" + flags + b"en\0translated\0" + body)


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_no_pixels_are_needed(tmp_path: Path, side: int) -> None:
    (tmp_path / "a.png").write_bytes(png(chunk(b"IDAT", b""), itxt(b"{}"), side=side))
    assert png_texts(tmp_path / "a.png").get(WORKFLOW) == "{}"


def test_a_compressed_text_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(chunk(b"iTXt", b"x"), itxt("é".encode() * 3_000_000, compressed=True)))
    assert png_texts(tmp_path / "a.png").get(WORKFLOW) == "é" * 3_000_000


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png(itxt(b"{}")).replace(b"{}", b"[]"), "checksum of its workflow"),
        (png(itxt(bytes(MAX_TEXT + 1), compressed=True)), "larger than 64 MiB"),
        (png(chunk(b"iTXt", WORKFLOW.encode() + b"\0\1\0\0\0" + zlib.compress(b"text")[:-6])), "cut off"),
        (png(chunk(b"iTXt", WORKFLOW.encode() + b"\0\1\0\0\0no zlib")), "incorrect header"),
        (png(chunk(b"iTXt", WORKFLOW.encode() + b"\0\0\0")), "malformed"),
        (png(itxt(b"\xff")), "invalid start byte"),
    ],
)
def test_a_broken_text_is_one_clear_sentence(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(OSError, match=f"not a whole PNG file: .*{reason}"):
        png_texts(tmp_path / "a.png").get(WORKFLOW)
