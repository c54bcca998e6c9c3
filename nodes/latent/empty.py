"""Making empty latents."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Side = Annotated[int, Field(ge=8, le=16384), Slider(64, 2048, 8)]


@node("latent.empty", category="latent", title="Empty latent", aliases=("Empty latent image", "New canvas"))
def empty(
    model: ModelRef, width: Side = 512, height: Side = 512, batch: Annotated[int, Field(ge=1, le=256)] = 1
) -> Latent:
    """Make an empty latent: the canvas of text-to-image.

    Inputs:
        model: decides the form of the latent; for a model of videos it is one of a single frame.
        width, height: in pixels; multiples of 8 for most models, of 16 for Flux.1, SD 3 and Wan.
        batch: how many pictures; each gets the next seed.

    Errors: a side is not such a multiple.
    """
    return empty_latent(model, width, height, batch)


@node(
    "latent.empty_video",
    category="latent",
    title="Empty video latent",
    aliases=("EmptyHunyuanLatentVideo", "Text to video", "Wan"),
)
def empty_video(
    model: ModelRef,
    width: Side = 832,
    height: Side = 480,
    frames: Annotated[int, Field(ge=1, le=4097), Slider(1, 161, 4)] = 81,
    batch: Annotated[int, Field(ge=1, le=64)] = 1,
) -> Latent:
    """Make an empty latent of a video: the canvas of text-to-video.

    Inputs:
        model: of videos; decides the form of the latent.
        width, height: in pixels; multiples of 16 for Wan, which was trained at 832 x 480 and 1280 x 720.
        frames: one and a multiple of 4; Wan was trained at 81, which are 5 seconds at its 16 frames per second.
        batch: how many videos; each gets the next seed.

    Errors: a side or the number of frames does not divide, or the model makes pictures.
    """
    return empty_latent(model, width, height, batch, frames)
