"""Cutting out what shall change, at a size that suits the model, and putting it back."""

from typing import Annotated, NamedTuple

from pydantic import Field
from torch import Tensor

from graphengine.diffusion.masks import box_of, require_fit, resized_mask
from graphengine.diffusion.planes import Side, resized
from graphengine.diffusion.seams import pasted
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Offset = Annotated[int, Field(ge=0)]


class Cut(NamedTuple):
    """The part, its mask, and where it lies in the whole."""

    image: Image
    mask: Mask
    x: int
    y: int
    width: int
    height: int


@node("inpaint.crop", category="inpaint", title="Crop to mask")
def crop(
    image: Image,
    mask: Mask,
    margin: Annotated[float, Field(ge=0, le=10), Slider(0, 2)] = 0.5,
    size: Annotated[int, Field(ge=8, le=8192), Slider(64, 2048, 8)] = 512,
) -> Cut:
    """Cut out what a mask marks, with what is around it, as a square of the size that a model wants.

    So a small part of a large picture is made with all of a model's detail. Stitch puts it back.

    Inputs:
        margin: how much around the mask is seen too, as a part of its longer side.
        size: of the square that comes out, in pixels: a multiple of the model's stride, which is 8 for most.

    Outputs:
        image, mask: the part, enlarged or made smaller to ``size``.
        x, y, width, height: where it lies in the picture, in pixels: a square where the picture is large enough.

    Errors: the mask does not fit the picture, or marks nothing.
    """
    require_fit(mask, image)
    box = box_of(mask.values)
    if box is None:
        raise NodeError("the mask marks nothing", hint="Paint a mask, or lower the threshold that makes it.")
    x, y, width, height = _square(box, margin, image.width, image.height)
    part = Image(image.pixels[:, y : y + height, x : x + width].contiguous())
    marked = resized_mask(Mask(mask.values[:, y : y + height, x : x + width]), size, size)
    return Cut(resized(part, size, size), marked, x, y, width, height)


@node("inpaint.stitch", category="inpaint", title="Stitch")
def stitch(
    original: Image,
    changed: Image,
    mask: Mask,
    x: Offset = 0,
    y: Offset = 0,
    width: Side = 512,
    height: Side = 512,
    feather: Annotated[float, Field(ge=0, le=1000), Slider(0, 64)] = 4.0,
    match_seam: bool = True,
) -> Image:
    """Put a part that was cut out by Crop to mask back into its picture, without a seam.

    Outside of the mask every pixel is the original one, to the bit.

    Inputs:
        original: the whole picture, as it was; its alpha is kept.
        changed: the part after sampling, of any size.
        mask: that of the whole picture.
        x, y, width, height: where the part lies, as Crop to mask says.
        feather: over how many pixels within the edge of the mask the change sets in.
        match_seam: move the colours inside so that they agree with the original along the edge.

    Errors: the mask does not fit the picture, the place does not lie within it, or the batches differ.
    """
    require_fit(mask, original)
    if x + width > original.width or y + height > original.height:
        raise NodeError(f"{width} × {height} pixels at ({x}, {y}) do not lie within the picture")
    if changed.batch not in {1, original.batch}:
        raise NodeError(f"{changed.batch} parts do not fit {original.batch} pictures")
    area = (slice(None), slice(y, y + height), slice(x, x + width))
    part = resized(Image(changed.pixels[..., :3].contiguous()), width, height).pixels
    part = part.expand(original.batch, -1, -1, -1)
    result: Tensor = original.pixels.clone()
    result[(*area, slice(3))] = pasted(
        original.pixels[(*area, slice(3))], part, mask.values[area], feather, match=match_seam
    )
    return Image(result)


@node("inpaint.stitch_parts", category="inpaint", title="Stitch parts", aliases=("Detailer",))
def stitch_parts(
    original: Image,
    parts: list[Image],
    masks: list[Mask],
    x: list[int],
    y: list[int],
    width: list[int],
    height: list[int],
    feather: Annotated[float, Field(ge=0, le=1000), Slider(0, 64)] = 4.0,
    match_seam: bool = True,
) -> Image:
    """Put several parts of a picture back into it, each of which was cut out by Crop to mask.

    Outside of the masks every pixel is the original one, to the bit. Where parts overlap, the later one counts.

    Inputs:
        original: the whole picture, as it was; its alpha is kept.
        parts: what was made of each part; without any the picture stays as it is.
        masks: that of the whole picture for each part.
        x, y, width, height: where each lies, as Crop to mask says.
        feather, match_seam: as for Stitch.

    Errors: there are not as many of the one as of the other, or a part does not fit.
    """
    if len({len(parts), len(masks), len(x), len(y), len(width), len(height)}) > 1:
        raise NodeError(f"{len(parts)} parts, {len(masks)} masks and {len(x)} places do not belong together")
    for part, mask, left, top, across, down in zip(parts, masks, x, y, width, height, strict=True):
        original = stitch(original, part, mask, left, top, across, down, feather, match_seam)
    return original


def _square(box: tuple[int, int, int, int], margin: float, width: int, height: int) -> tuple[int, int, int, int]:
    """Return x, y, width and height of the square around a box with a margin, moved and cut to fit into a picture."""
    left, top, right, bottom = box
    side = round(max(right - left, bottom - top) * (1 + 2 * margin))
    across, down = min(side, width), min(side, height)
    x = min(max((left + right - across) // 2, 0), width - across)
    y = min(max((top + bottom - down) // 2, 0), height - down)
    return x, y, across, down
