"""GIF, animated WebP and PNG: what browsers call images, read by Pillow."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import ImageSequence

from graphengine.diffusion.images import from_pil
from graphengine.diffusion.reading import opened
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.video import Video
from graphengine.errors import NodeError
from graphengine.files.roots import File

_SIGNATURES = (b"GIF8", b"\x89PNG")
_FORMATS = ("GIF", "WEBP", "PNG")
_UNTOLD = 100  # milliseconds of a frame whose file does not say, or says 0: what browsers take


def is_animation(path: Path) -> bool:
    """Whether a file begins like a GIF, a WebP or a PNG.

    Raises:
        NodeError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except OSError as error:
        raise NodeError(f"{path.name!r} cannot be read: {error.strerror}") from error
    return start.startswith(_SIGNATURES) or (start[:4], start[8:]) == (b"RIFF", b"WEBP")


def open_animation(file: File) -> Video:
    """Find out what an animation holds.

    Raises:
        NodeError: it is broken.
    """
    with opened(file, _FORMATS) as picture:
        times = [_milliseconds(frame) for frame in ImageSequence.Iterator(picture)]
        rate = Fraction(1000 * len(times), round(sum(times))).limit_denominator(1001)
        return Video(file, picture.width, picture.height, rate, 0, len(times))


def frames_of_animation(video: Video) -> Iterator[Image]:
    """Yield the frames that are meant; with alpha where the file has it.

    Raises:
        NodeError: it is broken.
    """
    with opened(video.file, _FORMATS) as picture:
        for index in range(video.first, video.first + video.count):
            picture.seek(index)
            yield from_pil([picture.copy()])


def _milliseconds(frame: Any) -> float:
    frame.load()  # before that a WebP tells the time of the frame before
    time: float = frame.info.get("duration") or _UNTOLD
    return time
