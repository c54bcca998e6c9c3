"""Tables of colours (LUT) in files with the ending ``.cube``, and looking colours up in them.

Source: Adobe, Cube LUT Specification 1.0 (2013).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from graphengine.errors import NodeError

LARGEST_CUBE = 256
LARGEST_LINE = 65536


@dataclass(frozen=True, slots=True)
class Cube:
    """A table of colours.

    Attributes:
        table: [size, 3], a curve for each channel, or [size, size, size, 3] with blue first and red last.
        low, high: the colours of the ends of the table, [3] each.
    """

    table: Tensor
    low: Tensor
    high: Tensor

    def __call__(self, colours: Tensor) -> Tensor:
        """Look up colours [batch, height, width, 3]; between the places of the table linearly."""
        places = ((colours - self.low) / (self.high - self.low)).clamp(0, 1) * 2 - 1
        if self.table.ndim == 4:
            volume = self.table.permute(3, 0, 1, 2)[None].expand(len(colours), -1, -1, -1, -1)
            found = functional.grid_sample(volume, places.unsqueeze(1), padding_mode="border", align_corners=True)
            return found.squeeze(2).permute(0, 2, 3, 1)
        channels = [_along(self.table[:, index], places[..., index]) for index in range(3)]
        return torch.stack(channels, dim=-1)


def _along(curve: Tensor, places: Tensor) -> Tensor:
    """Look places from -1 to 1 up in a curve."""
    steps = (places + 1) / 2 * (len(curve) - 1)
    below = steps.floor().long().clamp_max(len(curve) - 2)
    return torch.lerp(curve[below], curve[below + 1], steps - below)


def parse_cube(lines: Iterable[str]) -> Cube:
    """Read the lines of a ``.cube`` file.

    Raises:
        NodeError: they are not such a file, or its table is larger than the specification allows.
    """
    low, high, size, flat, rows = [0.0] * 3, [1.0] * 3, 0, False, []
    for line in lines:
        words = line.split()
        match words[0] if words else "#":
            case "LUT_3D_SIZE" | "LUT_1D_SIZE" as kind:
                size, flat = int(_numbers(words[1:], 1, line)[0]), kind == "LUT_1D_SIZE"
            case "DOMAIN_MIN":
                low = _numbers(words[1:], 3, line)
            case "DOMAIN_MAX":
                high = _numbers(words[1:], 3, line)
            case word if word[0] in "-+.0123456789":
                rows.append(_numbers(words, 3, line))
            case _:
                pass  # a title, a comment, or a keyword that changes nothing
        if len(rows) > LARGEST_CUBE**3:
            raise NodeError("the table of colours is too large")
    return _made(low, high, size, rows, flat=flat)


def _made(low: list[float], high: list[float], size: int, rows: list[list[float]], *, flat: bool) -> Cube:
    if not 2 <= size <= (LARGEST_LINE if flat else LARGEST_CUBE):
        raise NodeError("this is no table of colours: it does not tell its size", hint="Choose a .cube file.")
    wanted = size if flat else size**3
    if len(rows) != wanted:
        raise NodeError(f"a table of colours of size {size} has {wanted} rows, not {len(rows)}")
    if any(top <= bottom for bottom, top in zip(low, high, strict=True)):
        raise NodeError("the domain of the table of colours is empty")
    table = torch.tensor(rows, dtype=torch.float32)
    return Cube(table if flat else table.reshape(size, size, size, 3), torch.tensor(low), torch.tensor(high))


def _numbers(words: list[str], count: int, line: str) -> list[float]:
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise NodeError(f"a line of the table of colours cannot be read: {line.strip()[:60]!r}")
    return numbers
