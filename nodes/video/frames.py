"""Between videos and their frames."""

from collections.abc import Iterable, Iterator
from typing import Annotated

import torch
from pydantic import Field

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.video import Video
from graphengine.diffusion.video.reading import frames_of
from graphengine.errors import NodeError
from graphengine.node.declare import node


@node("video.frames", category="video", lane="io")
def frames(video: Video, every: Annotated[int, Field(ge=1, le=100_000)] = 1) -> Iterator[Image]:
    """Give the frames of a video one by one, however many there are.

    Nodes for pictures are called for each, and one frame is in memory at a time.

    Inputs:
        video: or a part of one.
        every: 2 takes each second frame, 3 each third; the first is always taken.

    Errors: the file is broken.
    """
    yield from frames_of(video, every=every)


@node("video.select", category="video", title="Select frames")
def select(
    frames: Iterable[Image],
    start: Annotated[int, Field(ge=0)] = 0,
    count: Annotated[int, Field(ge=0)] = 0,
    every: Annotated[int, Field(ge=1, le=100_000)] = 1,
) -> Iterator[Image]:
    """Let some frames of a sequence through.

    Inputs:
        frames: a sequence or a list of pictures.
        start: how many are left out at the beginning.
        count: how many go through at most; 0 is all. What comes after them is not computed.
        every: 2 takes each second one, 3 each third.
    """
    given = 0
    for index, frame in enumerate(frames):
        if index >= start and (index - start) % every == 0:
            yield frame
            given += 1
            if given == count:
                return


@node("video.side_by_side", category="video", title="Side by side")
def side_by_side(
    left: Iterable[Image], right: Iterable[Image], gap: Annotated[int, Field(ge=0, le=1024)] = 0
) -> Iterator[Image]:
    """Put two sequences of frames beside one another, to compare them.

    Inputs:
        left, right: sequences or lists of pictures. What ends first holds its last frame; what is of another height is
            brought to that of the left.
        gap: pixels of white between them.

    Errors: one of them has no frame.
    """
    columns = (iter(left), iter(right))
    shown: list[Image | None] = [None, None]
    while True:
        come = [next(column, None) for column in columns]
        if come == [None, None]:
            return
        shown = [new if new is not None else old for new, old in zip(come, shown, strict=True)]
        one, other = shown
        if one is None or other is None:
            raise NodeError("one side has no frame", hint="Link a sequence or a list of pictures to each side.")
        yield _joined(one, other, gap)


def _joined(one: Image, other: Image, gap: int) -> Image:
    first, second = one.pixels[..., :3], other.pixels[..., :3]
    if other.height != one.height:
        width = max(1, round(other.width * one.height / other.height))
        planes = second.permute(0, 3, 1, 2)
        resized = torch.nn.functional.interpolate(planes, (one.height, width), mode="bilinear", antialias=True)
        second = resized.permute(0, 2, 3, 1).clamp(0, 1)
    between = torch.ones(one.batch, one.height, gap, 3)
    return Image(torch.cat((first, between, second), dim=2))
