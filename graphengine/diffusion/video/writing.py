"""Frames into a file, one by one."""

import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from av import VideoFrame
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.video import Video
from graphengine.diffusion.video.formats import KINDS, Kind, VideoFormat
from graphengine.diffusion.video.palette import Palettes
from graphengine.diffusion.video.sound import Track
from graphengine.errors import NodeError
from graphengine.files.carried import COMMENT

_SRGB = 13  # the transfer curve of IEC 61966-2-1, as containers number them
_QUIET = {"SVT_LOG": "1"}  # that encoder writes its settings to stderr; 1 is errors only

OnFrame = Callable[[int, Image], None]
"""Is told how many frames were written, and the last of them."""


def write_video(
    path: Path,
    frames: Iterable[Image],
    *,
    rate: Fraction,
    format: VideoFormat,  # noqa: A002 - the word that people use
    quality: int,
    sound: Video | None = None,
    on_frame: OnFrame | None = None,
    comment: str = "",
) -> int:
    """Write frames to ``path``; one of them is in memory at a time, and what the encoder keeps.

    Each picture of a batch is a frame. Colours are written as BT.709, and tagged so. Sides that a format wants even are
    made so by repeating the last row or column. Alpha is kept in WebP; else the ground is white.

    Args:
        rate: frames per second, above 0.
        quality: 1 is small, 100 good.
        sound: whose sound is kept, as long as there are frames; formats that have none are silent.
        comment: what the container says of it; GIF and WebP have no place for that.

    Returns:
        how many frames were written.

    Raises:
        NodeError: there is no frame, their sizes differ, or the encoder refuses them.
    """
    kind, count = KINDS[format], 0
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        with av.open(str(path), "w", format=kind.container) as container, Track(sound, kind, container) as track:
            container.metadata.update({COMMENT: comment} if comment else {})
            encoder: _Encoder | None = None
            for frame, levels in _pictures(frames, keep_alpha=format == "webp"):
                encoder = encoder or _Encoder(container, kind, rate, quality, levels)
                encoder.add(levels)
                count += 1
                track.until(count / rate)
                if on_frame is not None:
                    on_frame(count, frame)
            if encoder is None:
                raise NodeError("there is no frame to save", hint="Link a sequence or a list of pictures.")
            encoder.finish()
            track.finish()
    except av.error.FFmpegError as error:
        raise NodeError(
            f"the {format} encoder refuses the frames: {error.strerror}",
            hint="Try other sides (64 pixels or more, even) or another format.",
        ) from error
    return count


def _pictures(frames: Iterable[Image], *, keep_alpha: bool) -> Iterator[tuple[Image, NDArray[np.uint8]]]:
    for image in frames:
        pixels = image.pixels
        if image.channels == 4 and not keep_alpha:
            alpha = pixels[..., 3:]
            pixels = pixels[..., :3] * alpha + (1 - alpha)
        levels: NDArray[np.uint8] = (pixels.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
        for each in levels:
            yield image, each


class _Encoder:
    """The track of pictures, which begins with the first frame: only then its size is known."""

    def __init__(
        self, container: OutputContainer, kind: Kind, rate: Fraction, quality: int, first: NDArray[np.uint8]
    ) -> None:
        self._container, self._kind, self._step = container, kind, 1 / rate
        self._shape, self._count = first.shape, 0
        height, width = (side + (side % 2 if kind.even else 0) for side in first.shape[:2])
        stream: Any = container.add_stream(kind.codec, rate=rate, options=kind.options(quality))
        self._stream = stream
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, kind.pixels
        self._stream.time_base = self._step
        if kind.pixels == "yuv420p":
            context = self._stream.codec_context
            context.colorspace = context.color_primaries = Colorspace.ITU709
            context.color_trc, context.color_range = _SRGB, ColorRange.MPEG
        self._palettes = Palettes(width, height, self._step) if kind.pixels == "pal8" else None

    def add(self, levels: NDArray[np.uint8]) -> None:
        """Encode a frame."""
        if levels.shape != self._shape:
            raise NodeError(
                f"frame {self._count + 1} is {levels.shape[1]} × {levels.shape[0]}, "
                f"those before it are {self._shape[1]} × {self._shape[0]}",
                hint="Resize the frames to one size, and give all of them alpha or none.",
            )
        frame = self._converted(levels)
        frame.pts, frame.time_base = self._count, self._step
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._container.mux(self._stream.encode(None))

    def _converted(self, levels: NDArray[np.uint8]) -> VideoFrame:
        below, right = self._stream.height - levels.shape[0], self._stream.width - levels.shape[1]
        if below or right:
            levels = np.pad(levels, ((0, below), (0, right), (0, 0)), mode="edge")
        layout = "rgba" if levels.shape[-1] == 4 else "rgb24"
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(levels), format=layout)
        if self._palettes is not None:
            return self._palettes.apply(frame)
        if self._kind.pixels == "yuv420p":
            return frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
        return frame.reformat(format=self._kind.pixels)
