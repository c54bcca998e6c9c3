"""A small pack of media: files that viewers can be tried on, made from nothing; no torch, no encoder of video."""

import io
import json
import math
import struct
import wave
from collections.abc import Iterator
from typing import Annotated

from PIL import Image, ImageDraw
from pydantic import Field

from graphengine.files.picture import png_text
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.node.pack import Pack

RATE = 8_000
"""Samples of sound in a second."""


@node("media.picture", category="media", lane="io", sink=True)
def picture(hue: Annotated[int, Field(ge=0, le=359)] = 0, size: int = 96, *, context: Context = injected) -> File:
    """Write a picture of a disc."""
    content = io.BytesIO()
    _disc(hue, size, size / 2).save(content, "png", pnginfo=png_text(context.origin()))
    return context.save("picture", ".png", content.getvalue(), "image/png")


@node("media.tinted", category="media", lane="io", sink=True)
def tinted(ink: File, hue: Annotated[int, Field(ge=0, le=359)] = 0, *, context: Context = injected) -> list[File]:
    """Write two pictures of discs, whose hues begin where the content of a file says."""
    first, files = hue + sum(ink.path.read_bytes()) % 90, []
    for step in range(2):
        content = io.BytesIO()
        disc = _disc(first + 10 * step, 32, 16)
        disc.save(content, "png", pnginfo=png_text(context.origin()))
        files.append(context.save("{node}", ".png", content.getvalue(), "image/png"))
    return files


@node("media.video", category="media", lane="io", sink=True)
def video(frames: Annotated[int, Field(ge=1, le=300)] = 24, size: int = 96, *, context: Context = injected) -> File:
    """Write a film of a disc that moves: WebM, every frame a key frame of VP8."""
    pictures = [_disc(200, size, size * (0.2 + 0.6 * index / max(frames - 1, 1))) for index in range(frames)]
    return context.save("video", ".webm", _webm([_vp8(each) for each in pictures], size), "video/webm")


@node("media.sound", category="media", lane="io", sink=True)
def sound(seconds: float = 0.5, pitch: float = 440.0, *, context: Context = injected) -> File:
    """Write a tone."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        levels = (math.sin(2 * math.pi * pitch * index / RATE) for index in range(int(seconds * RATE)))
        file.writeframes(b"".join(struct.pack("<h", int(12_000 * level)) for level in levels))
    return context.save("sound", ".wav", content.getvalue(), "audio/wav")


@node("media.model", category="media", lane="io", sink=True)
def model(size: float = 1.0, *, context: Context = injected) -> File:
    """Write an octahedron in binary glTF."""
    return context.save("model", ".glb", _glb(size), "model/gltf-binary")


def _disc(hue: int, size: int, x: float) -> Image.Image:
    found = Image.new("RGB", (size, size), (28, 30, 36))
    radius = size / 5
    box = (x - radius, size / 2 - radius, x + radius, size / 2 + radius)
    ImageDraw.Draw(found).ellipse(box, fill=f"hsl({hue}, 70%, 60%)")
    return found


def _vp8(frame: Image.Image) -> bytes:
    """Return a picture as a key frame: what a lossy WebP holds."""
    content = io.BytesIO()
    frame.save(content, "webp", quality=80)
    data = content.getvalue()
    at = data.index(b"VP8 ")
    (length,) = struct.unpack_from("<I", data, at + 4)
    return data[at + 8 : at + 8 + length]


def _element(name: int, content: bytes) -> bytes:
    """Return an element of EBML, its length in eight bytes."""
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + (len(content) | 1 << 56).to_bytes(8, "big") + content


def _number(name: int, value: int) -> bytes:
    return _element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _webm(frames: list[bytes], size: int) -> bytes:
    """Return frames, 40 ms each, as WebM (RFC 8794, RFC 9559)."""
    head = [(0x4286, 1), (0x42F7, 1), (0x42F2, 4), (0x42F3, 8)]
    kind = _element(0x4282, b"webm") + _number(0x4287, 2) + _number(0x4285, 2)
    ebml = _element(0x1A45DFA3, b"".join(_number(name, value) for name, value in head) + kind)
    duration = _element(0x4489, struct.pack(">d", 40.0 * len(frames)))
    info = _element(
        0x1549A966, _number(0x2AD7B1, 1_000_000) + duration + _element(0x4D80, b"x") + _element(0x5741, b"x")
    )
    shape = _element(0xE0, _number(0xB0, size) + _number(0xBA, size))
    track = b"".join(_number(name, 1) for name in (0xD7, 0x73C5, 0x83)) + _element(0x86, b"V_VP8") + shape
    blocks = b"".join(
        _element(0xA3, b"\x81" + struct.pack(">h", 40 * index) + b"\x80" + frame) for index, frame in enumerate(frames)
    )
    cluster = _element(0x1F43B675, _number(0xE7, 0) + blocks)
    return ebml + _element(0x18538067, info + _element(0x1654AE6B, _element(0xAE, track)) + cluster)


def _glb(size: float) -> bytes:
    """Return an octahedron as glTF 2.0, its eight faces apart so that each is flat."""
    tips = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (-1, 0, 0), (0, -1, 0), (0, 0, -1)]
    corners = [tuple(size * each for each in corner) for face in _faces() for corner in (tips[index] for index in face)]
    data = b"".join(struct.pack("<3f", *corner) for corner in corners)
    accessor = {"bufferView": 0, "componentType": 5126, "count": len(corners), "type": "VEC3"}
    bounds = {"min": [-size] * 3, "max": [size] * 3}
    colour = {"pbrMetallicRoughness": {"baseColorFactor": [0.9, 0.45, 0.2, 1], "metallicFactor": 0.1}}
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "material": 0}]}],
        "materials": [colour],
        "accessors": [accessor | bounds],
        "bufferViews": [{"buffer": 0, "byteLength": len(data)}],
        "buffers": [{"byteLength": len(data)}],
    }
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _faces() -> Iterator[tuple[int, int, int]]:
    """Give the corners of the faces, counterclockwise from outside."""
    for mask in range(8):
        x, y, z = 3 * (mask & 1), 1 + 3 * (mask >> 1 & 1), 2 + 3 * (mask >> 2 & 1)
        yield (x, y, z) if mask in {0, 3, 5, 6} else (x, z, y)


PACK = Pack(name="media", package=__name__)
