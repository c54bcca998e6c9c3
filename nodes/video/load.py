"""Videos from files."""

from dataclasses import replace
from typing import Annotated, NamedTuple

from pydantic import Field

from graphengine.diffusion.types.video import Video
from graphengine.diffusion.video.opening import open_video
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


class Info(NamedTuple):
    """What is known of a video without decoding it."""

    width: int
    height: int
    fps: float
    frames: int
    seconds: float
    sound: bool


@node("video.load", category="video", title="Load video", lane="io")
def load(file: Annotated[File, Under("inputs", "builtin")]) -> Video:
    """Open a video file; its frames are decoded only where they are used.

    MP4, MOV, WebM, Matroska, AVI, MPEG, Ogg and others with any codec that FFmpeg decodes; GIF and animated WebP or
    PNG. Frames are turned as the file says.

    Errors: it is none of these, is broken, or its frames have more than 8192 × 8192 pixels.
    """
    return open_video(file)


@node("video.info", category="video", title="Video info")
def info(video: Video) -> Info:
    """Tell the size, speed and length of a video.

    Inputs:
        video: or a part of one.

    Outputs:
        width, height: in pixels.
        fps: frames per second; of a file whose rate varies, the average.
        frames: how many there are.
        seconds: how long it is.
        sound: whether it has a sound track.
    """
    return Info(video.width, video.height, float(video.rate), video.count, video.seconds, video.sound)


@node("video.cut", category="video", title="Cut video")
def cut(
    video: Video,
    start: Annotated[float, Field(ge=0, le=1e6)] = 0.0,
    seconds: Annotated[float, Field(ge=0, le=1e6)] = 0.0,
) -> Video:
    """Take a part of a video, pictures and sound; nothing is decoded or written.

    Inputs:
        video: or a part of one.
        start: where the part begins, in seconds from the beginning of what comes in.
        seconds: how long it is, at most up to the end; 0 is up to the end.

    Errors: it would begin after the end.
    """
    first = round(start * video.rate)
    if first >= video.count:
        raise NodeError(f"the video ends after {video.seconds:.2f} s", hint=f"Start before that, not at {start:g} s.")
    left = video.count - first
    count = min(left, max(1, round(seconds * video.rate))) if seconds else left
    return replace(video, first=video.first + first, count=count)
