"""Looks, as tables of colours."""

from typing import Annotated

import torch
from pydantic import Field

from graphengine.diffusion.colour import recoloured
from graphengine.diffusion.cube import parse_cube
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Slider, Under


@node("enhance.lut", category="image/enhance", title="Apply LUT", lane="io")
def lut(
    image: Image,
    file: Annotated[File, Under("inputs")],
    strength: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 1.0,
) -> Image:
    """Change colours by a table from a .cube file, as video editors and photographers exchange them.

    Inputs:
        file: with a table of one or of three dimensions, made for sRGB.
        strength: 0 changes nothing, 1 is the whole look.

    Errors: the file is no such table, or its table is larger than the format allows.

    Source: Adobe, Cube LUT Specification 1.0 (2013); trilinear between the places of the table.
    """
    try:
        with file.path.open(encoding="utf-8-sig") as lines:
            cube = parse_cube(lines)
    except (OSError, UnicodeDecodeError) as error:
        raise NodeError(f"{file.reference!r} cannot be read as a .cube file: {error}") from error
    colours = image.pixels[..., :3]
    return recoloured(image, torch.lerp(colours, cube(colours), strength))
