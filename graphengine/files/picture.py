"""A workflow inside the picture that it made: one iTXt chunk of a PNG file."""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image as Pillow
from PIL.PngImagePlugin import PngImageFile, PngInfo

KEYWORD = "graphengine.workflow"
"""The keyword of the chunk; its text is the JSON of the document."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_text(texts: Mapping[str, str]) -> PngInfo:
    """Return what Pillow's ``save(pnginfo=…)`` wants, to write each text as an iTXt chunk.

    The text is not compressed: readers bound what they inflate (Pillow: 1 MiB), and a workflow may be larger.
    """
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_itxt(keyword, text)
    return info


def workflow_text(path: Path) -> str | None:
    """Return the text of the workflow in a PNG file, or None if it carries none.

    Raises:
        OSError: the file cannot be read, or is broken.
    """
    try:
        with Pillow.open(path, formats=("PNG",)) as picture:
            text = picture.text.get(KEYWORD) if isinstance(picture, PngImageFile) else None
    except (OSError, SyntaxError, ValueError) as error:
        raise OSError(f"{path} is not a whole PNG file: {error}") from error
    return None if text is None else str(text)
