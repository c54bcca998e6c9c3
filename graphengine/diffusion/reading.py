"""Picture files, opened with care: they may come from anybody."""

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image as Pil
from PIL import UnidentifiedImageError

from graphengine.errors import NodeError
from graphengine.files.roots import File

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""What is read; formats that are programs (EPS) or whole documents are left out on purpose."""

MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I;16B", "I;16L"})
"""The pixel formats whose range is known; that of 32-bit pictures is not."""

MAX_PIXELS = 2**26
"""8192 × 8192; as floating-point RGB this is 768 MiB."""


@contextmanager
def opened(file: File, formats: tuple[str, ...] = FORMATS) -> Iterator[Pil.Image]:
    """Open a picture file; its pixels are read within the block.

    Args:
        file: the file.
        formats: which it may be of, among :data:`FORMATS`.

    Raises:
        NodeError: it is of none of the formats, is broken, has more pixels than may be, or a pixel format of unknown
            range.
    """
    try:
        with Pil.open(file.path, formats=formats) as picture:
            _check(picture, file)
            yield picture
    except (Pil.DecompressionBombError, Pil.DecompressionBombWarning):
        raise _too_large(file) from None
    except UnidentifiedImageError:
        raise NodeError(
            f"{file.reference!r} is not a picture that can be read",
            hint=f"Known formats are {', '.join(formats)}.",
        ) from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
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
