"""The kinds of video files that are written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

VideoFormat = Literal["h264", "vp9", "av1", "gif", "webp"]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a format is written.

    Attributes:
        codec: FFmpeg's encoder.
        container: FFmpeg's muxer.
        pixels: the pixel format.
        options: of the encoder, for a quality from 1 to 100.
        even: whether sides must be even, as colour is kept for blocks of two by two pixels.
        sounds: the codecs of sound that its players know; the first is used for what is none of them.
    """

    codec: str
    container: str
    suffix: str
    media_type: str
    pixels: str
    options: Callable[[int], dict[str, str]]
    even: bool = False
    sounds: tuple[str, ...] = ()


def _scaled(quality: int, worst: int, best: int) -> str:
    """Return the level between ``worst`` at quality 1 and ``best`` at 100."""
    return str(round(worst + (best - worst) * (quality - 1) / 99))


def _h264(quality: int) -> dict[str, str]:
    return {"crf": _scaled(quality, 45, 8), "preset": "medium"}


def _vp9(quality: int) -> dict[str, str]:
    return {"crf": _scaled(quality, 60, 8), "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}


def _av1(quality: int) -> dict[str, str]:
    return {"crf": _scaled(quality, 60, 8), "preset": "8"}


def _webp(quality: int) -> dict[str, str]:
    return {"quality": str(quality), "loop": "0"}


def _gif(quality: int) -> dict[str, str]:
    del quality
    return {}


KINDS: Mapping[VideoFormat, Kind] = MappingProxyType(
    {
        "h264": Kind("libx264", "mp4", ".mp4", "video/mp4", "yuv420p", _h264, even=True, sounds=("aac", "mp3")),
        "vp9": Kind("libvpx-vp9", "webm", ".webm", "video/webm", "yuv420p", _vp9, sounds=("libopus", "opus", "vorbis")),
        "av1": Kind("libsvtav1", "mp4", ".mp4", "video/mp4", "yuv420p", _av1, even=True, sounds=("aac", "mp3", "opus")),
        "gif": Kind("gif", "gif", ".gif", "image/gif", "pal8", _gif),
        "webp": Kind("libwebp_anim", "webp", ".webp", "image/webp", "bgra", _webp),
    }
)
"""H.264 is played everywhere; VP9 and AV1 are smaller and free; GIF and WebP are shown where pictures are."""
