"""Videos to files."""

import io
import tempfile
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from graphengine.diffusion.images import to_pil
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.video import Video
from graphengine.diffusion.video.formats import KINDS, VideoFormat
from graphengine.diffusion.video.opening import open_video
from graphengine.diffusion.video.writing import write_video
from graphengine.files.carried import add_texts
from graphengine.files.naming import check_pattern
from graphengine.files.origin import joined
from graphengine.files.roots import File
from graphengine.node.context import Context, Preview
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Slider

_TOLD = 8  # frames between one report and the next


class Saved(NamedTuple):
    """What was written, to go on with and as a file."""

    video: Video
    file: File


@node("video.save", category="video", title="Save video", lane="io", sink=True)
def save(
    frames: Iterable[Image],
    fps: Annotated[float, Field(gt=0, le=1000), Slider(1, 60, 1)] = 24.0,
    format: VideoFormat = "h264",  # noqa: A002 - the word that people use
    quality: Annotated[int, Field(ge=1, le=100), Slider(1, 100)] = 75,
    sound: Video | None = None,
    name: Annotated[str, AfterValidator(check_pattern)] = "{workflow}",
    embed_workflow: bool = True,
    *,
    context: Context = injected,
) -> Saved:
    """Write frames into a video file in the output folder.

    Frames are taken one by one, so that a video may be of any length. Colours are BT.709, and the file says so. H.264
    and AV1 have even sides: the last row or column is repeated where one is odd. Only WebP keeps alpha; else the
    ground is white.

    Inputs:
        frames: a sequence or a list of pictures of one size; each picture of a batch is a frame.
        fps: frames per second; a GIF counts in hundredths of a second.
        format: ``h264`` (MP4, plays everywhere), ``vp9`` (WebM), ``av1`` (MP4, smallest), ``gif`` or ``webp`` (loop
            where pictures are shown).
        quality: 1 is small, 100 is good; a GIF has 256 colours per frame whatever it is.
        sound: the video, or the part of one, whose sound is laid under the frames; GIF and WebP are silent.
        name: may hold ``{workflow}``, ``{node}``, ``{run}``, ``{date}``, ``{time}`` and ``{counter:05}``; ``/`` makes
            folders. Nothing is ever overwritten.
        embed_workflow: whether the file carries the workflow, and what else it takes to make it again; switch it off
            before publishing a secret prompt.

    Outputs:
        video: what was written, to load frames from again.
        file: the same, as a file.

    Errors: there is no frame, their sizes differ, the encoder refuses them, or the name leaves the output folder.
    """
    kind = KINDS[format]

    def on_frame(count: int, frame: Image) -> None:
        context.check()
        if count % _TOLD == 1:
            context.progress(0, 1, f"{count} frames")
            context.preview(lambda: _look(frame))

    with tempfile.TemporaryDirectory(prefix="graphengine-") as folder:
        path = Path(folder) / f"video{kind.suffix}"
        rate = Fraction(fps).limit_denominator(1001)
        texts = context.origin() if embed_workflow else {}
        told = joined(texts).decode("ascii")
        write_video(
            path, frames, rate=rate, format=format, quality=quality, sound=sound, on_frame=on_frame, comment=told
        )
        if format in ("gif", "webp"):  # whose encoders take no comment
            add_texts(path, texts)
        file = context.save(name, kind.suffix, path, kind.media_type)
    return Saved(open_video(file), file)


def _look(frame: Image) -> Preview:
    (picture,) = to_pil(Image(frame.pixels[:1, ..., :3]))
    picture.thumbnail((512, 512))
    content = io.BytesIO()
    picture.save(content, "jpeg", quality=80)
    return Preview("image/jpeg", content.getvalue(), picture.width, picture.height)
