"""Pictures from files."""

from typing import Annotated, NamedTuple

import torch

from graphengine.diffusion.images import from_pil
from graphengine.diffusion.reading import opened
from graphengine.diffusion.types.image import Image, Mask
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


class Loaded(NamedTuple):
    """A picture, and where it is opaque."""

    image: Image
    mask: Mask


@node("image.load", category="image", title="Load image", lane="io", aliases=("Open image", "Import", "Input"))
def load(file: Annotated[File, Under("inputs")]) -> Loaded:
    """Load a picture from a PNG, JPEG, WebP, GIF, BMP or TIFF file.

    The picture is turned as its EXIF orientation says. Of an animation the first frame is taken. Values are
    used as they are written: a colour profile in the file is not applied.

    Outputs:
        image: one picture with red, green and blue in 0..1.
        mask: its alpha, 1 where it is opaque; 1 everywhere if the file has none.

    Errors: the file is none of these formats, is broken or cut off, has a pixel format of unknown range
    (32 bits per channel), or has more than 8192 × 8192 pixels.
    """
    with opened(file) as picture:
        pixels = from_pil([picture]).pixels
    alpha = pixels[..., 3] if pixels.shape[-1] == 4 else torch.ones(pixels.shape[:3])
    return Loaded(Image(pixels[..., :3].contiguous()), Mask(alpha.contiguous()))
