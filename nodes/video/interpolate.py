"""Frames between frames: slower, smoother, or at another rate."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.video.interpolation import resampled
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Rate = Annotated[float, Field(gt=0, le=1000), Slider(1, 120, 1)]
Cut = Annotated[float, Field(ge=0, le=1), Slider(0, 0.5, 0.01)]


@node("video.interpolate", category="video/time", title="Interpolate frames")
def interpolate(
    frames: Iterable[Image], factor: Annotated[int, Field(ge=2, le=8), Slider(2, 8, 1)] = 2, cut: Cut = 0.12
) -> Iterator[Image]:
    """Put new frames between those of a sequence, along what moves in it.

    Without a model: dense optical flow both ways, and what only one of two frames shows comes from that one alone. Two
    frames are in memory at a time; of n frames there are (n - 1) · factor + 1.

    Inputs:
        frames: a sequence or a list of pictures of one size.
        factor: how many frames become of one; save them at as many times the rate, or at the same for slow motion.
        cut: how unlike two frames may be (0 to 1, mean difference) once motion is taken away. Beyond it a new scene
            begins, and the frame before it is held. 1 sees no cuts.

    Errors: the sizes of the frames differ.

    Source: Kroeger et al., Fast Optical Flow using Dense Inverse Search (2016); Jiang et al., Super SloMo (2018).
    """
    yield from resampled(frames, Fraction(1, factor), cut=cut)


@node("video.retime", category="video/time", title="Change frame rate")
def retime(frames: Iterable[Image], fps: Rate = 24.0, target: Rate = 60.0, cut: Cut = 0.12) -> Iterator[Image]:
    """Bring a sequence of frames to another rate at the same speed, with interpolated frames.

    Inputs:
        frames: a sequence or a list of pictures of one size.
        fps: frames per second as they come, see Video info.
        target: frames per second as they go; higher or lower.
        cut: as in Interpolate frames.

    Errors: the sizes of the frames differ.
    """
    step = Fraction(fps).limit_denominator(1001) / Fraction(target).limit_denominator(1001)
    yield from resampled(frames, step, cut=cut)
