"""Pictures from files."""

from typing import Annotated, NamedTuple

import torch
from PIL import Image as Pil
from PIL import UnidentifiedImageError

from graphengine.diffusion.images import from_pil
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""What is read; formats that are programs (EPS) or whole documents are left out on purpose."""

MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I;16B", "I;16L"})
"""The pixel formats whose range is known; that of 32-bit pictures is not."""

MAX_PIXELS = 2**26
"""8192 × 8192; as floating-point RGB this is 768 MiB."""


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
    pixels = _decoded(file).pixels
    alpha = pixels[..., 3] if pixels.shape[-1] == 4 else torch.ones(pixels.shape[:3])
    return Loaded(Image(pixels[..., :3].contiguous()), Mask(alpha.contiguous()))


def _decoded(file: File) -> Image:
    try:
        with Pil.open(file.path, formats=FORMATS) as picture:
            _check(picture, file)
            return from_pil([picture])
    except (Pil.DecompressionBombError, Pil.DecompressionBombWarning):
        raise _too_large(file) from None
    except UnidentifiedImageError:
        raise NodeError(
            f"{file.reference!r} is not a picture that can be read",
            hint=f"Known formats are {', '.join(FORMATS)}.",
        ) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise NodeError(
            f"{file.reference!r} is broken: {error}",
            hint="Copy the file again, or open it in an editor and save it anew.",
        ) from error


def _check(picture: Pil.Image, file: File) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large(file)
    if picture.mode not in MODES:
        raise NodeError(
            f"{file.reference!r} has the pixel format {picture.mode}, whose range is not known",
            hint="Convert it to 8 or 16 bits per channel.",
        )


def _too_large(file: File) -> NodeError:
    return NodeError(
        f"{file.reference!r} has more than {MAX_PIXELS} pixels",
        hint="Scale the picture down before loading it.",
    )
