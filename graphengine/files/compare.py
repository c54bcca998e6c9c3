"""Two files that show something, compared by what they show: pixel for pixel, frame for frame, body for body."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from graphengine.files import exr, glb, lines

Pixels = NDArray[np.generic]

_BODIES: Final = (glb.MAGIC, lines.PLY, b"#")
_PICTURES: Final = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far what two files show lies apart.

    Attributes:
        identical: whether the files are equal to the last byte; then so is what they show.
        values: how many values of pixels were compared, and ``differing`` how many of them differ.
        largest: by how much, at most, in steps of the format: 1 is one of 255 where a channel has 8 bits.
        problem: why they cannot be compared value by value: another size, another kind.
    """

    identical: bool
    values: int = 0
    differing: int = 0
    largest: int = 0
    problem: str = ""

    @property
    def same(self) -> bool:
        """Whether both show the same, bit for bit."""
        return self.identical or not (self.differing or self.problem)


def compare(before: Path, now: Path) -> Comparison:
    """Compare two files: as pictures, videos or bodies if they are, else byte for byte.

    Raises:
        OSError: one of them cannot be read.
    """
    was, is_ = before.read_bytes(), now.read_bytes()
    if was == is_:
        return Comparison(identical=True)
    if any(was.startswith(start) and is_.startswith(start) for start in _BODIES):
        return Comparison(identical=False, problem="" if _body(was) == _body(is_) else "the bodies differ")
    try:
        return _compared(_shown(before), _shown(now))
    except (UnidentifiedImageError, av.error.FFmpegError):
        return Comparison(identical=False, problem="the files differ, and they are neither pictures nor videos")


def _body(content: bytes) -> object:
    """Return what a file of a body shows, without what it says of its origin."""
    try:
        return glb.glb_shown(content) if content.startswith(glb.MAGIC) else lines.shown_in_lines(content)
    except ValueError:
        return content


def _compared(before: Iterator[Pixels], now: Iterator[Pixels]) -> Comparison:
    values = differing = largest = 0
    for index, (one, other) in enumerate(zip_longest(before, now)):
        if one is None or other is None:
            return Comparison(identical=False, problem=f"one of them has {index} frames, the other has more")
        if one.shape != other.shape or one.dtype != other.dtype:
            return Comparison(identical=False, problem=f"it was {_form(one)}, it is {_form(other)}")
        apart = np.abs(one.astype(np.int64) - other.astype(np.int64))
        values += apart.size
        differing += int(np.count_nonzero(apart))
        largest = max(largest, int(apart.max(initial=0)))
    return Comparison(identical=False, values=values, differing=differing, largest=largest)


def _form(pixels: Pixels) -> str:
    height, width, *rest = pixels.shape
    channels = rest[0] if rest else 1
    return f"{width} × {height} with {channels} channel{'s' * (channels != 1)} of {pixels.dtype.itemsize * 8} bits"


def _shown(path: Path) -> Iterator[Pixels]:
    """Yield the frames of a file; a picture has one."""
    with path.open("rb") as file:
        if file.read(4) == exr.MAGIC:
            yield from exr.exr_planes(path)
            return
    try:
        picture = Image.open(path, formats=_PICTURES)
    except UnidentifiedImageError:
        yield from _frames(path)
        return
    with picture:
        for frame in ImageSequence.Iterator(picture):
            yield np.asarray(frame.convert("RGBA") if frame.mode in ("P", "PA") else frame)


def _frames(path: Path) -> Iterator[Pixels]:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "NONE"
        for frame in container.decode(video=0):
            found: Any = frame.to_ndarray()
            yield found
