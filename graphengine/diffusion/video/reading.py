"""Frames out of a file, one by one."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.video import Video
from graphengine.diffusion.video.animation import frames_of_animation, is_animation
from graphengine.diffusion.video.opening import container_of, pictures_of


def frames_of(video: Video, *, every: int = 1) -> Iterator[Image]:
    """Yield the frames that are meant, each as an image of a batch of one; one is in memory at a time.

    Args:
        every: take each ``every``-th of them.

    Raises:
        NodeError: the file is broken.
    """
    frames = frames_of_animation(video) if is_animation(video.file.path) else _decoded(video)
    for index, frame in enumerate(frames):
        if index % every == 0:
            yield frame


def _decoded(video: Video) -> Iterator[Image]:
    with container_of(video.file) as container:
        stream = pictures_of(container, video.file)
        stream.thread_type = "AUTO"
        left = video.count
        for frame in _from(container, stream, video):
            yield Image(_floats(frame))
            left -= 1
            if not left:
                return


def _from(container: InputContainer, stream: VideoStream, video: Video) -> Iterator[VideoFrame]:
    """Yield frames from the first that is meant on: those before it, back to the last key frame, are decoded too."""
    if not video.first:
        yield from container.decode(stream)
        return
    unit = stream.time_base or Fraction(1)
    wanted = (stream.start_time or 0) + round(video.first / video.rate / unit)
    container.seek(wanted, stream=stream)
    early = wanted - round(Fraction(1, 2) / video.rate / unit)
    for frame in container.decode(stream):
        if frame.pts is None or frame.pts >= early:
            yield frame


def _floats(frame: VideoFrame) -> torch.Tensor:
    levels: NDArray[Any] = frame.to_ndarray(format="rgb24")
    if frame.rotation:
        levels = np.rot90(levels, frame.rotation // 90)
    return torch.from_numpy(levels.astype(np.float32)[None]).div_(255)
