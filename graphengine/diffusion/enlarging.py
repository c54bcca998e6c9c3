"""Making pictures larger, or mending them, by a network and in tiles."""

from collections.abc import Callable
from fractions import Fraction

import torch
from torch import Tensor

from graphengine.diffusion.colour import luma
from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.loaded import PictureNetwork
from graphengine.diffusion.planes import resized
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.tiles import tile_count, tiled
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import UpscalerRef
from graphengine.errors import NodeError

_MOST = 2**28  # 16384 × 16384 pixels: 3 GB in floating point
_MOST_TOGETHER = 2**29

Step = Callable[[int, int], None]
"""Is told after each tile how many are done, and of how many."""


def enlarge(pool: ModelPool, upscaler: UpscalerRef, image: Image, *, tile: int, overlap: int, step: Step) -> Image:
    """Apply a network to pictures, tile by tile, so that the memory it takes depends on the tile.

    Only a tile is on the device at a time. Alpha is enlarged with a Lanczos filter, unless the network knows alpha.

    Args:
        tile: the side of a tile in pixels of the picture; does not count for networks that must see all of it.
        overlap: pixels that neighbouring tiles share; at most half a tile is taken.

    Raises:
        NodeError: a picture would become too large, or all of them together; this is found before any is made.
        OutOfMemory: there is no room; smaller tiles help.
    """
    with pool.use(upscaler) as network, torch.inference_mode(), memory_guard("applying a network to a picture"):
        width, height = image.width * network.scale, image.height * network.scale
        if width * height > _MOST:
            raise NodeError(f"the picture would have {width} × {height} pixels", hint="Use a smaller picture.")
        if image.batch * width * height > _MOST_TOGETHER:
            raise NodeError(
                f"{image.batch} pictures of {width} × {height} would have more than {_MOST_TOGETHER} pixels together",
                hint=f"Enlarge at most {_MOST_TOGETHER // (width * height)} of them at a time.",
            )
        side = tile if network.tiles else max(image.width, image.height)
        shared = min(overlap, side // 2)
        total = image.batch * tile_count(image.height, image.width, side, shared)
        done = 0
        first = next(iter(network.module.parameters()))

        def make(pixels: Tensor) -> Tensor:
            nonlocal done
            made = network.apply(pixels.to(first.device, first.dtype)).float().cpu()
            done += 1
            step(done, total)
            return made

        made = tiled(_taken(image, network), make, side, shared, Fraction(network.scale))
        colours = made.expand(-1, 3, -1, -1) if made.shape[1] == 1 else made
        if image.channels == 4 and colours.shape[1] == 3:
            alpha = resized(image, made.shape[-1], made.shape[-2]).pixels[..., 3:].permute(0, 3, 1, 2)
            colours = torch.cat((colours, alpha), dim=1)
    return Image(colours.permute(0, 2, 3, 1).clamp(0, 1).contiguous())


def _taken(image: Image, network: PictureNetwork) -> Tensor:
    """Return what a network takes of pictures, [batch, channels, height, width]."""
    if network.channels == 1:
        return luma(image.pixels).unsqueeze(1)
    pixels = image.pixels[..., : network.channels]
    if pixels.shape[-1] < network.channels:
        pixels = torch.cat((pixels, torch.ones_like(pixels[..., :1])), dim=-1)
    return pixels.permute(0, 3, 1, 2).contiguous()
