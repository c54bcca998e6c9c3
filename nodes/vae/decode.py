"""Decoding a latent."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.shrinking import tile_for
from graphengine.diffusion.together import decode_together
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import VaeRef
from graphengine.diffusion.vae import Tiling
from graphengine.diffusion.vae import decode as decode_latent
from graphengine.node.context import FIRST, Attempt
from graphengine.node.declare import injected, node
from graphengine.node.together import Together


def decode_all(
    vae: VaeRef,
    latent: list[Latent],
    tiled: bool,
    tile_size: int,
    tile_overlap: int,
    *,
    pool: ModelPool,
    attempt: Attempt,
) -> list[Image]:
    """Decode several latents in batches of those of one size."""
    del attempt  # only first attempts are made together
    return decode_together(pool, vae, latent, Tiling(tile_size, tile_overlap) if tiled else None)


@node(
    "vae.decode",
    category="vae",
    version=2,
    lane="gpu",
    title="VAE decode",
    shrinks=3,
    together=Together(("latent",), decode_all),
    aliases=("Latent to image",),
)
def decode(
    vae: VaeRef,
    latent: Latent,
    tiled: bool = False,
    tile_size: Annotated[int, Field(ge=64, le=8192)] = 512,
    tile_overlap: Annotated[int, Field(ge=0, le=4096)] = 64,
    *,
    pool: ModelPool = injected,
    attempt: Attempt = FIRST,
) -> Image:
    """Decode a latent to pictures; of a video, to a batch of its frames.

    All frames are in memory then; *Decode video* gives them one by one, as *Save video* takes them.

    Inputs:
        vae: that of the model which made the latent.
        latent: what a sampler or an encoder made.
        tiled: decode in overlapping tiles, for pictures that do not fit into memory; the result differs a little.
        tile_size, tile_overlap: in pixels; the overlap is blended and must be smaller than a tile.

    Errors: the latent is of another kind of model, or the overlap is not smaller than a tile.
    """
    tiling = Tiling(tile_size, tile_overlap) if tiled else None
    height, width = (cells * latent.spec.stride for cells in latent.samples.shape[-2:])
    return decode_latent(pool, vae, latent, tiling, tile=tile_for(attempt.smaller, width, height))
