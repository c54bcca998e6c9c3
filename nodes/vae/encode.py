"""Encoding a picture."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.shrinking import tile_for
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import VaeRef
from graphengine.diffusion.vae import Tiling
from graphengine.diffusion.vae import encode as encode_image
from graphengine.node.context import FIRST, Attempt
from graphengine.node.declare import injected, node


@node("vae.encode", category="vae", version=2, lane="gpu", title="VAE encode", shrinks=3, aliases=("Image to latent",))
def encode(
    vae: VaeRef,
    image: Image,
    tiled: bool = False,
    tile_size: Annotated[int, Field(ge=64, le=8192)] = 512,
    tile_overlap: Annotated[int, Field(ge=0, le=4096)] = 64,
    *,
    pool: ModelPool = injected,
    attempt: Attempt = FIRST,
) -> Latent:
    """Encode pictures to a latent, the start of image-to-image.

    Inputs:
        vae: that of the model which will sample the latent.
        image: the pictures; alpha is ignored. To the VAE of a model of videos a batch is the frames of one video.
        tiled: encode in overlapping tiles, for pictures that do not fit into memory; the result differs a little.
        tile_size, tile_overlap: in pixels; the overlap is blended and must be smaller than a tile.

    Errors: a side is not a multiple of 8 (for Flux.1, SD 3 and Wan of 16), a video has not one frame and a multiple of
    4 more, or the overlap is not smaller than a tile.
    """
    tiling = Tiling(tile_size, tile_overlap) if tiled else None
    tile = tile_for(attempt.smaller, image.width, image.height)
    return encode_image(pool, vae, image, tiling, tile=tile)
