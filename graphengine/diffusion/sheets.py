"""Sheets: many pictures side by side, with words beside them."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont
from torch import Tensor

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError

_LARGEST = 2**27  # pixels of a sheet


def pictures_of(images: Sequence[Image]) -> list[Tensor]:
    """Return all pictures of all batches as [height, width, 3], laid on white where they are transparent.

    Raises:
        NodeError: there is none.
    """
    found: list[Tensor] = []
    for image in images:
        colours, alpha = image.pixels[..., :3], image.pixels[..., 3:]
        found.extend((colours * alpha + 1 - alpha) if image.channels == 4 else colours)
    if not found:
        raise NodeError("there is no picture for the sheet")
    return found


def text_height(cell: int) -> int:
    """Return the size of letters in pixels that suits pictures of a height."""
    return max(10, min(32, cell // 10))


def lettered(words: str, width: int, size: int) -> Tensor:
    """Draw dark words on white, in the middle of a strip; what is too long ends with dots: [height, width, 3]."""
    font = ImageFont.load_default(size)
    line = " ".join(words.split())
    while line and font.getlength(line) > width - 4:
        line = line[:-2].rstrip() + "…" if len(line) > 2 else ""
    strip = Pil.new("L", (width, size + size // 2), 255)
    ImageDraw.Draw(strip).text((width / 2, strip.height / 2), line, fill=20, font=font, anchor="mm")
    return torch.from_numpy(np.asarray(strip, np.float32) / 255).unsqueeze(-1).expand(-1, -1, 3)


def laid_out(cells: Sequence[Sequence[Tensor]], gap: int) -> Image:
    """Lay rows of pictures out on white; each column is as wide as its widest, each row as high as its highest.

    Args:
        cells: rows of [height, width, 3]; a row may be shorter than others.
        gap: pixels between the cells and around the sheet.

    Raises:
        NodeError: the sheet would be too large.
    """
    across = max(len(row) for row in cells)
    widths = [max(row[column].shape[1] for row in cells if column < len(row)) for column in range(across)]
    heights = [max(cell.shape[0] for cell in row) for row in cells]
    width, height = (sum(sides) + gap * (len(sides) + 1) for sides in (widths, heights))
    if width * height > _LARGEST:
        raise NodeError(f"the sheet would be {width} × {height} pixels", hint="Use fewer or smaller pictures.")
    sheet = torch.ones(1, height, width, 3)
    top = gap
    for row, down in zip(cells, heights, strict=True):
        left = gap
        for cell, wide in zip(row, widths[: len(row)], strict=True):
            y, x = top + (down - cell.shape[0]) // 2, left + (wide - cell.shape[1]) // 2
            sheet[0, y : y + cell.shape[0], x : x + cell.shape[1]] = cell
            left += wide + gap
        top += down + gap
    return Image(sheet)
