"""The edges in a picture."""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from graphengine.diffusion.hints import HIGH, LOW, edges_of
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Strength = Annotated[float, Field(ge=0, le=2000), Slider(0, 500, 1)]


@node("image.edges", category="image/filter", title="Find edges", aliases=("Canny",))
def edges(image: Image, low: Strength = LOW, high: Strength = HIGH) -> Image:
    """Find the edges in pictures, as ControlNets for edges want them: white lines, one pixel wide, on black.

    Inputs:
        image: one or more; alpha is left away.
        low: an edge goes on as long as it is stronger than this, from 0 to about 1,000.
        high: an edge begins where it is stronger than this.

    Outputs:
        image: of the same size.

    Errors: ``low`` is above ``high``.

    Source: Canny, A Computational Approach to Edge Detection (1986).
    """
    if low > high:
        raise NodeError(f"low ({low:g}) is above high ({high:g})", hint="Give the smaller strength as low.")
    levels = (image.pixels[..., :3].clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    found = torch.from_numpy(np.stack([edges_of(each, low, high) for each in levels])).float() / 255
    return Image(found[..., None].expand(-1, -1, -1, 3).contiguous())
