"""RIFE's flow networks (Huang et al. 2022) from version 4.6 on, known by the names and shapes of their tensors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Shape = tuple[int, ...]
Head = Literal["none", "short", "long"]

_PREFIXES: Final = ("", "module.", "flownet.", "module.flownet.")
_TRAINING: Final = ("teacher.", "caltime.")
"""What files may hold beside, and only trainings need."""

_PICTURES: Final = 6
_STATE: Final = 2 + 4  # time and blend, and the flow both ways


@dataclass(frozen=True, slots=True)
class Layout:
    """How a network is built.

    Attributes:
        prefix: how the names of its tensors begin.
        widths: the channels of each block, from the coarsest on.
        residuals: how many layers each block has between its first and its last.
        head: what makes features of a picture before: nothing (4.6), two layers (4.7 to 4.9), or four (from 4.10 on).
        features: how many of a picture; 0 without a head.
        hidden: the channels within the head.
        outputs: how many values a block tells for a pixel: the flow, the blend, and those that it hands on.
        carried: how many of these the next block reads.
    """

    prefix: str
    widths: tuple[int, ...]
    residuals: int
    head: Head
    features: int
    hidden: int
    outputs: int
    carried: int

    def inputs(self, block: int) -> int:
        """Return how many channels a block reads."""
        first = _PICTURES + 2 * self.features
        return first + 1 if block == 0 else first + _STATE + self.carried


def layout_of(shapes: Mapping[str, Shape]) -> Layout | None:
    """Return how a network is built, or None if it is none of these, whatever it is."""
    found = next((_read(shapes, prefix) for prefix in _PREFIXES if f"{prefix}block0.conv0.0.0.weight" in shapes), None)
    if found is None or any(shapes.get(name) != shape for name, shape in _expected(found).items()):
        return None
    return found


def names_of(layout: Layout, shapes: Mapping[str, Shape]) -> Mapping[str, str]:
    """Return under which names of a file the tensors of a network are, without what only trainings need."""
    own = {name.removeprefix(layout.prefix): name for name in shapes if name.startswith(layout.prefix)}
    return {name: full for name, full in own.items() if not name.startswith(_TRAINING)}


def _read(shapes: Mapping[str, Shape], prefix: str) -> Layout | None:
    def shape(name: str) -> Shape:
        return shapes.get(f"{prefix}{name}", ())

    widths: list[int] = []
    while (entry := shape(f"block{len(widths)}.conv0.1.0.weight")) and len(entry) == 4:
        widths.append(entry[0])
    residuals = 0
    while shape(f"block0.convblock.{residuals}.beta"):
        residuals += 1
    last = shape("block0.lastconv.0.weight")
    if not (2 <= len(widths) <= 6) or not residuals or len(last) != 4 or last[1] % 4:
        return None
    outputs = last[1] // 4
    head, features, hidden = _head(shape("encode.0.weight"), shape("encode.1.weight"), shape("encode.cnn3.weight"))
    second = shape("block1.conv0.0.0.weight")
    carried = (second[1] if len(second) == 4 else 0) - _PICTURES - 2 * features - _STATE
    if carried not in {0, outputs - 5}:
        return None
    return Layout(prefix, tuple(widths), residuals, head, features, hidden, outputs, carried)


def _head(first: Shape, second: Shape, last: Shape) -> tuple[Head, int, int]:
    if len(last) == 4:
        return "long", last[1], last[0]
    if len(first) == 4 and len(second) == 4:
        return "short", second[1], second[0]
    return "none", 0, 0


def _expected(layout: Layout) -> Mapping[str, Shape]:
    """Return the shapes of the tensors that decide what a network computes."""
    expected: dict[str, Shape] = {}
    for index, width in enumerate(layout.widths):
        block = f"{layout.prefix}block{index}."
        expected[f"{block}conv0.0.0.weight"] = (width // 2, layout.inputs(index), 3, 3)
        expected[f"{block}conv0.1.0.weight"] = (width, width // 2, 3, 3)
        for layer in range(layout.residuals):
            expected[f"{block}convblock.{layer}.conv.weight"] = (width, width, 3, 3)
            expected[f"{block}convblock.{layer}.beta"] = (1, width, 1, 1)
        expected[f"{block}lastconv.0.weight"] = (width, 4 * layout.outputs, 4, 4)
    return expected
