"""What a model is told of the picture beside the text."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.types.conditioning import Conditioning, MicroConditioning
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Pixels = Annotated[int, Field(ge=0, le=16384), Slider(0, 4096, 8)]


@node(
    "conditioning.size",
    category="conditioning",
    title="Size conditioning (SDXL)",
    aliases=("Micro-conditioning", "CLIPTextEncodeSDXL", "Aesthetic score"),
)
def size(
    conditioning: Conditioning,
    width: Pixels = 0,
    height: Pixels = 0,
    crop_left: Pixels = 0,
    crop_top: Pixels = 0,
    target_width: Pixels = 0,
    target_height: Pixels = 0,
    aesthetic_score: Annotated[float, Field(ge=0, le=10), Slider(0, 10, 0.1)] = 0.0,
) -> Conditioning:
    """Tell SDXL how large the picture was that a text goes with, and how it was cropped.

    Without this node that is what is sampled, not cropped. The model was trained on pictures of all sizes, and told of
    each how large it had been and how it was cropped. Told of a small one it makes blurred pictures, told of one that
    was cropped it cuts things off; so both belong to what is not wanted. Models of other families do not look at it.

    Inputs:
        conditioning: the text.
        width, height: of the picture before it was cropped, in pixels; 0 is the size that is sampled.
        crop_left, crop_top: what was cropped away there, in pixels.
        target_width, target_height: of the picture that is wanted; 0 is the size that is sampled.
        aesthetic_score: how much people like the picture, 1 to 10, which only refiners are told; 0 is what is usual, 6
            for what is wanted and 2.5 for what is not.

    Source: Podell et al., SDXL (2023), section 2.2.
    """
    micro = MicroConditioning(width, height, crop_left, crop_top, target_width, target_height, aesthetic_score or None)
    return replace(conditioning, entries=tuple(replace(each, micro=micro) for each in conditioning.entries))
