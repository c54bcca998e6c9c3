"""Looking at a video file: how large, how fast, how long."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from graphengine.diffusion.types.video import Video
from graphengine.diffusion.video.animation import is_animation, open_animation
from graphengine.errors import NodeError
from graphengine.files.roots import File

MAX_PIXELS = 2**26
"""8192 × 8192, of one frame."""

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,mxf,dv,ivf,nut,yuv4mpegpipe"
"""What is read. Playlists are left out on purpose: they name other files, and addresses of networks."""


def open_video(file: File) -> Video:
    """Find out what a video file, a GIF or an animated WebP or PNG holds.

    Frames of videos are counted, not decoded.

    Raises:
        NodeError: it is broken, of another kind, without moving pictures, or its frames are too large.
    """
    found = open_animation(file) if is_animation(file.path) else _opened(file)
    if found.width * found.height > MAX_PIXELS:
        raise NodeError(
            f"the frames of {file.reference!r} have more than {MAX_PIXELS} pixels",
            hint="Scale the video down before loading it.",
        )
    return found


@contextmanager
def container_of(file: File) -> Iterator[InputContainer]:
    """Open a file with FFmpeg, for the length of a ``with`` block.

    Raises:
        NodeError: it cannot be read, now or within the block.
    """
    try:
        with av.open(str(file.path), options={"format_whitelist": FORMATS, "protocol_whitelist": "file"}) as found:
            yield found
    except av.error.FFmpegError as error:
        raise NodeError(
            f"{file.reference!r} is not a video that can be read: {error.strerror}",
            hint="MP4, WebM, Matroska, MOV, AVI, MPEG, GIF and animated WebP are read. Copy a broken file again.",
        ) from error


def pictures_of(container: InputContainer, file: File) -> VideoStream:
    """Return the first track of moving pictures.

    Raises:
        NodeError: there is none, or nobody here can decode it.
    """
    for stream in container.streams.video:
        if stream.codec_context is None:
            raise NodeError(f"the codec of {file.reference!r} is not known", hint="Convert it to H.264, VP9 or AV1.")
        return stream
    raise NodeError(f"{file.reference!r} has no moving pictures", hint="Choose a video file.")


def _opened(file: File) -> Video:
    with container_of(file) as container:
        stream = pictures_of(container, file)
        rate = stream.average_rate or stream.guessed_rate or stream.base_rate
        width, height = stream.codec_context.width, stream.codec_context.height
        sound, told = bool(container.streams.audio), stream.frames
        turned = next((frame.rotation % 180 != 0 for frame in container.decode(stream)), False)
    count = told or _counted(file)
    if not count or not rate or not width or not height:
        raise NodeError(f"{file.reference!r} holds no frame", hint="Copy the file again.")
    if turned:
        width, height = height, width
    return Video(file, width, height, Fraction(rate), 0, count, sound)


def _counted(file: File) -> int:
    """Count the frames of a file that does not tell, without decoding them."""
    with container_of(file) as container:
        stream = pictures_of(container, file)
        return sum(packet.size > 0 for packet in container.demux(stream))
