"""Between pictures and latents."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.latents import cells_in_time
from graphengine.diffusion.loaded import Autoencoder
from graphengine.diffusion.masks import require_fit
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.shrinking import overlap_for
from graphengine.diffusion.tiles import tiled
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import VaeRef
from graphengine.errors import NodeError


@dataclass(frozen=True, slots=True)
class Tiling:
    """Work in tiles, so that memory depends on the tile and not on the picture.

    Attributes:
        size: side of a tile in pixels.
        overlap: pixels that neighbours share, below ``size``.
    """

    size: int = 512
    overlap: int = 64


def decode(
    pool: ModelPool, vae: VaeRef, latent: Latent, tiling: Tiling | None = None, *, tile: int | None = None
) -> Image:
    """Decode latents to pictures of 3 channels; of videos, to all their frames, one after the other.

    Args:
        tiling: work in tiles, one picture after the other.
        tile: work in tiles of at most this side in pixels, with an overlap that hides the seams.

    Raises:
        NodeError: the latent is not of the autoencoder's kind, or the tiling is impossible.
        OutOfMemory: there is no room; tiling helps.
    """
    with pool.use(vae) as autoencoder, torch.no_grad(), memory_guard("decoding a latent"):
        check_kind(vae, autoencoder, latent)
        stride = autoencoder.stride
        pixels = _in_tiles(autoencoder.decode, latent.samples, _smaller(tiling, tile), stride, Fraction(stride))
    return to_image(pixels)


def to_image(pixels: Tensor) -> Image:
    """Return pictures of what an autoencoder gives: [batch, 3, height, width] or [batch, 3, frames, height, width]."""
    flat = pixels.transpose(1, 2).flatten(0, 1) if pixels.ndim == 5 else pixels
    return Image((flat * 0.5 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).contiguous())


def to_pixels(image: Image) -> Tensor:
    """Return what an autoencoder takes of pictures, [batch, 3, height, width]."""
    return image.pixels[..., :3].permute(0, 3, 1, 2).contiguous() * 2 - 1


def encode(
    pool: ModelPool, vae: VaeRef, image: Image, tiling: Tiling | None = None, *, tile: int | None = None
) -> Latent:
    """Encode pictures to latents; alpha is ignored. Of an encoder's distribution the mode is taken.

    To an autoencoder of videos a batch of pictures is the frames of one video.

    Args:
        tiling, tile: as for :func:`decode`.

    Raises:
        NodeError: the sides of the picture are no multiples of the stride, a video has not one frame and a multiple of
            so many more as a cell in time has, or the tiling is impossible.
        OutOfMemory: there is no room; tiling helps.
    """
    with pool.use(vae) as autoencoder, torch.no_grad(), memory_guard("encoding a picture"):
        spec = autoencoder.spec
        check_size(image, spec.step)
        pixels = to_pixels(image)
        if spec.time:
            cells_in_time(spec, image.batch)
            pixels = pixels.transpose(0, 1).unsqueeze(0)
        scale = Fraction(1, autoencoder.stride)
        cells = _in_tiles(autoencoder.encode, pixels, _smaller(tiling, tile), 1, scale)
    return Latent(cells.contiguous(), vae.family, spec)


def encode_masked(
    pool: ModelPool, vae: VaeRef, image: Image, mask: Mask, tiling: Tiling | None = None, *, tile: int | None = None
) -> Latent:
    """Encode pictures of which sampling shall change only where ``mask`` is at least half.

    Args:
        tiling, tile: as for :func:`decode`.

    Raises:
        NodeError: as for :func:`encode`, or the mask has another size than the pictures.
        OutOfMemory: there is no room; tiling helps.
    """
    require_fit(mask, image)
    inside = mask.values >= 0.5
    grey = torch.tensor(0.5)  # zero to an encoder
    emptied = Image(torch.where(inside.unsqueeze(-1), grey, image.pixels))
    surroundings = encode(pool, vae, emptied, tiling, tile=tile).samples
    return replace(encode(pool, vae, image, tiling, tile=tile), mask=Mask(inside.float()), surroundings=surroundings)


def _smaller(tiling: Tiling | None, tile: int | None) -> Tiling | None:
    """Return the smaller tiles of those that somebody chose and those that there is room for."""
    if tile is None or (tiling is not None and tiling.size <= tile):
        return tiling
    return Tiling(tile, overlap_for(tile))


def _in_tiles(function: Any, source: Tensor, tiling: Tiling | None, unit: int, scale: Fraction) -> Tensor:
    """Apply ``function`` whole or in tiles; ``unit`` is pixels per cell of the source."""
    if tiling is None:
        whole: Tensor = function(source)
        return whole
    step = max(unit, int(1 / scale))  # tiles begin on whole latent cells
    size, overlap = tiling.size // step * step // unit, tiling.overlap // step * step // unit
    try:
        return tiled(source, function, size, overlap, scale)
    except ValueError as error:
        raise NodeError(str(error), hint="Choose larger tiles, or a smaller overlap.") from error


def check_kind(vae: VaeRef, autoencoder: Autoencoder, latent: Latent) -> None:
    """Refuse a latent that is of another kind than the autoencoder's."""
    wanted = autoencoder.spec
    if latent.family != vae.family or latent.spec != wanted:
        raise NodeError(
            f"the latent ({latent.family}, {latent.spec}) is not of the autoencoder's kind ({vae.family}, {wanted})",
            hint="Decode with the VAE of the model that made the latent.",
        )


def check_size(image: Image, step: int) -> None:
    """Refuse a picture whose sides do not divide."""
    height, width = (max(step, round(side / step) * step) for side in (image.height, image.width))
    if (height, width) != (image.height, image.width):
        raise NodeError(
            f"a picture of {image.width} x {image.height} pixels cannot be encoded: "
            f"its sides must be multiples of {step}",
            hint=f"Resize or crop it to {width} x {height}.",
        )
