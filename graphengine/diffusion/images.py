"""Between pictures of PIL and :class:`~graphengine.diffusion.types.image.Image`."""

import io
import math
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image as Pil
from PIL import ImageOps
from torch.nn import functional

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError


def from_pil(pictures: Sequence[Pil.Image]) -> Image:
    """Put pictures of one size into a batch, turned as their EXIF orientation says.

    Four channels if any of them has transparency, else three; 16-bit grey keeps its precision.

    Raises:
        NodeError: there is none, or their sizes differ.
    """
    upright = [ImageOps.exif_transpose(picture) for picture in pictures]
    sizes = sorted({picture.size for picture in upright})
    if len(sizes) != 1:
        found = ", ".join(f"{width} x {height}" for width, height in sizes) or "no picture"
        raise NodeError(f"a batch needs pictures of one size, not {found}", hint="Resize or crop them first.")
    mode = "RGBA" if any(picture.has_transparency_data for picture in upright) else "RGB"
    return Image(torch.from_numpy(np.stack([_to_array(picture, mode) for picture in upright])))


def to_pil(image: Image) -> list[Pil.Image]:
    """Return the pictures of a batch with 8 bits per channel, values rounded."""
    levels = (image.pixels.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return [Pil.fromarray(picture) for picture in levels]


def sheet(image: Image, columns: int = 0) -> Image:
    """Lay the pictures of a batch out on one, row by row; 0 columns make it about as many pictures wide as high.

    Places without a picture are black, or transparent where there is alpha.
    """
    across = min(columns or math.ceil(math.sqrt(image.batch)), image.batch)
    down = math.ceil(image.batch / across)
    filled = functional.pad(image.pixels, (0, 0, 0, 0, 0, 0, 0, across * down - image.batch))
    rows = filled.reshape(down, across, *image.pixels.shape[1:]).transpose(1, 2)
    return Image(rows.reshape(1, down * image.height, across * image.width, image.channels))


def to_jpeg(image: Image, quality: int = 80) -> bytes:
    """Return the first picture of a batch as a JPEG file, without alpha; for looking, not for keeping."""
    (picture,) = to_pil(Image(image.pixels[:1, ..., :3]))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _to_array(picture: Pil.Image, mode: str) -> np.ndarray:
    if picture.mode.startswith("I"):  # Pillow would clip 16 bits to 8
        grey = np.asarray(picture, dtype=np.float32) / 65535
        return np.repeat(grey[..., None], len(mode), axis=2)
    return np.asarray(picture.convert(mode), dtype=np.float32) / 255
