"""Encoding a picture of which a part shall change."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.shrinking import tile_for
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import VaeRef
from graphengine.diffusion.vae import Tiling
from graphengine.diffusion.vae import encode_masked as encode_image
from graphengine.node.context import FIRST, Attempt
from graphengine.node.declare import injected, node


@node(
    "vae.encode_masked",
    category="vae",
    version=2,
    lane="gpu",
    title="Encode picture with mask",
    shrinks=3,
    aliases=("VAE encode for inpainting", "Inpaint"),
)
def encode_masked(
    vae: VaeRef,
    image: Image,
    mask: Mask,
    tiled: bool = False,
    tile_size: Annotated[int, Field(ge=64, le=8192)] = 512,
    tile_overlap: Annotated[int, Field(ge=0, le=4096)] = 64,
    *,
    pool: ModelPool = injected,
    attempt: Attempt = FIRST,
) -> Latent:
    """Encode pictures and mark where sampling may change them: the start of inpainting.

    Any model can continue from here; one that was trained for inpainting also sees what is around the mask.

    - **vae**: that of the model which will sample the latent.
    - **mask**: of the size of the picture; what is at least half is changed.
    - **tiled**, **tile_size**, **tile_overlap**: as for encoding a picture.
    """
    tiling = Tiling(tile_size, tile_overlap) if tiled else None
    tile = tile_for(attempt.smaller, image.width, image.height)
    return encode_image(pool, vae, image, mask, tiling, tile=tile)
