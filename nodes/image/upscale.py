"""Pictures made larger, or mended, by a network."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.enlarging import enlarge
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.shrinking import halved
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import UpscalerRef
from graphengine.node.context import FIRST, Attempt, Context
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Slider


@node(
    "image.upscale",
    category="image/size",
    title="Upscale with model",
    lane="gpu",
    shrinks=4,
    aliases=("Image upscale with model", "Super resolution", "Restore image", "Restore face"),
)
def upscale(
    upscaler: UpscalerRef,
    image: Image,
    tile: Annotated[int, Field(ge=0, le=8192), Slider(0, 2048, 64)] = 512,
    overlap: Annotated[int, Field(ge=0, le=1024), Slider(0, 128, 8)] = 32,
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    attempt: Attempt = FIRST,
) -> Image:
    """Make pictures larger with an upscaler, or mend them with a network that restores.

    Works in tiles that overlap and are blended, so that memory depends on the tile and not on the picture. Where there
    is no room even so, it begins again with smaller tiles.

    Inputs:
        image: any size.
        tile: side of a tile in pixels of the picture, before it is enlarged; 0 makes it whole.
        overlap: pixels that neighbouring tiles share, up to half a tile: about twice as far as the network sees hides
            all seams.

    Outputs:
        image: as many times as wide and high as the network enlarges; alpha is enlarged with a Lanczos filter.

    Errors: the architecture is not known, a picture would have more than 2²⁸ pixels, or all together more than 2²⁹.
    """
    longest = max(image.width, image.height)
    side = halved(min(tile or longest, longest), attempt.smaller)
    return enlarge(pool, upscaler, image, tile=side, overlap=overlap, step=context.progress)
