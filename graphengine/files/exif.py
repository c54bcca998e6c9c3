"""What a picture says of its origin where it is no PNG.

JPEG and WebP keep it as the user comment of Exif, TIFF as the description of the picture.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image, UnidentifiedImageError

from graphengine.files.origin import texts_in

FORMATS: Final = ("JPEG", "WEBP", "TIFF")

MOST_IN_JPEG: Final = 65_000
"""The bytes that such a comment may have in a JPEG, whose segments have two bytes for their length."""

_DESCRIPTION: Final = 0x010E
_IFD: Final = 0x8769
_USER_COMMENT: Final = 0x9286
_ASCII: Final = b"ASCII\0\0\0"


def exif_of(texts: Mapping[str, str], format_: str) -> Image.Exif | None:
    """Return what Pillow's ``save(exif=…)`` wants, to write texts into a picture; None where they have no room.

    Args:
        texts: by keyword, each JSON.
        format_: of the picture, as Pillow calls it, in any case.
    """
    text, exif = json.dumps(dict(texts)), Image.Exif()
    if format_.lower() == "tiff":
        exif[_DESCRIPTION] = text
        return exif
    comment = _ASCII + text.encode("ascii")
    if format_.lower() == "jpeg" and len(comment) > MOST_IN_JPEG:
        return None
    exif.get_ifd(_IFD)[_USER_COMMENT] = comment
    return exif


def exif_texts(path: Path) -> Mapping[str, str]:
    """Return the texts in a JPEG, WebP or TIFF file, by keyword; its pixels are not looked at.

    Raises:
        OSError: the file cannot be read, or is none of these.
    """
    try:
        with Image.open(path, formats=FORMATS) as picture:
            exif = picture.getexif()
            told: list[Any] = [exif.get_ifd(_IFD).get(_USER_COMMENT), exif.get(_DESCRIPTION)]
    except UnidentifiedImageError as error:
        raise OSError(f"{path} is neither a JPEG nor a WebP nor a TIFF file") from error
    except (SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise OSError(f"{path} is broken: {error}") from error
    comments = [each.removeprefix(_ASCII) if isinstance(each, bytes) else each for each in told]
    return next((found for each in comments if isinstance(each, bytes | str) and (found := texts_in(each))), {})
