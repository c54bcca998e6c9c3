"""Frames between frames by a network: slower, smoother, or at another rate."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import InterpolatorRef
from graphengine.diffusion.video.interpolation import resampled
from graphengine.diffusion.video.learned import open_interpolator, pairs_by
from graphengine.files.roots import File
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Slider, Under
from nodes.video.interpolate import Cut, Rate


@node("video.load_interpolator", category="video/time", title="Load interpolation model", lane="io", aliases=("RIFE",))
def load_interpolator(
    source: Annotated[File, Under("models", roles=("interpolator",))],
    precision: Literal["float32", "float16", "bfloat16"] = "float32",
) -> InterpolatorRef:
    """Open a network that makes frames between frames: RIFE's flow network, version 4.6 and later.

    Which version it is, is told by the names and shapes of its tensors. No weights are loaded here.

    Inputs:
        source: a .safetensors file under the models folder, of the tensors that its authors call flownet.
        precision: the number format; half of it is quicker on an accelerator.

    Errors: a pickle (.pkl, .pth), a broken file, or a network that is not known, such as RIFE before 4.6.

    Source: Huang et al., Real-Time Intermediate Flow Estimation for Video Frame Interpolation (2022).
    """
    return open_interpolator(source, precision)


@node(
    "video.interpolate_with_model",
    category="video/time",
    title="Interpolate frames with model",
    lane="gpu",
    aliases=("RIFE VFI", "Frame interpolation"),
)
def interpolate_with_model(
    interpolator: InterpolatorRef,
    frames: Iterable[Image],
    factor: Annotated[int, Field(ge=2, le=8), Slider(2, 8, 1)] = 2,
    cut: Cut = 0.12,
    *,
    pool: ModelPool = injected,
) -> Iterator[Image]:
    """Put new frames between those of a sequence, as a network sees what moves in it.

    Two frames are in memory at a time; of n frames there are (n - 1) · factor + 1.

    Inputs:
        interpolator: the network.
        frames, factor, cut: as in Interpolate frames, which needs no network.

    Errors: the sizes of the frames differ.

    Source: Huang et al., Real-Time Intermediate Flow Estimation for Video Frame Interpolation (2022).
    """
    with pool.use(interpolator) as network:
        yield from resampled(frames, Fraction(1, factor), cut=cut, between=pairs_by(network))


@node(
    "video.retime_with_model",
    category="video/time",
    title="Change frame rate with model",
    lane="gpu",
)
def retime_with_model(
    interpolator: InterpolatorRef,
    frames: Iterable[Image],
    fps: Rate = 24.0,
    target: Rate = 60.0,
    cut: Cut = 0.12,
    *,
    pool: ModelPool = injected,
) -> Iterator[Image]:
    """Bring a sequence of frames to another rate at the same speed, with frames that a network makes.

    Inputs:
        interpolator: the network.
        frames, fps, target, cut: as in Change frame rate, which needs no network.

    Errors: the sizes of the frames differ.
    """
    step = Fraction(fps).limit_denominator(1001) / Fraction(target).limit_denominator(1001)
    with pool.use(interpolator) as network:
        yield from resampled(frames, step, cut=cut, between=pairs_by(network))
