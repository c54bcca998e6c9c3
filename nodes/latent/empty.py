"""Making an empty latent."""

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
        model: decides the form of the latent.
        width, height: in pixels; multiples of 8 for most models, of 16 for Flux.1 and SD 3.
        batch: how many pictures; each gets the next seed.

    Errors: a side is not such a multiple.
    """
    return empty_latent(model, width, height, batch)
