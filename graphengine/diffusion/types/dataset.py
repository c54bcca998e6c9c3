"""Sets of pictures to train on and to judge by: descriptions, never the pictures themselves."""

from dataclasses import dataclass
from typing import Literal

from graphengine.diffusion.drawing.style import Style
from graphengine.files.roots import File

Scenes = Literal["mixed", "one figure", "two figures", "landscapes", "held out", "several figures", "faces"]
"""What the drawn pictures show; what is held out has combinations of looks that no other set has."""


Hint = Literal["depth", "edges", "mask"]
"""What a ControlNet is shown of a picture: how far away things are, white is nearest; where they end, or where they
are."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pictures that the program draws: the one at an index depends on the seed and the index alone.

    Attributes:
        scenes: what they show.
        seed: another one draws other pictures.
        style: in which hand; the captions do not name it.
        first: how many are passed over before the first.
    """

    scenes: Scenes
    seed: int
    style: Style = "flat"
    first: int = 0


@dataclass(frozen=True, slots=True)
class Filed:
    """Pictures from files, each with its caption."""

    files: tuple[File, ...]
    captions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How pictures are varied: a set of ``originals`` becomes one that is several times as large.

    The first are the pictures as they are. The one at index i is a variant of the original at i modulo ``originals``,
    and how it is varied depends on the seed and on i alone.

    Attributes:
        originals: how many pictures are varied.
        seed: another one varies them otherwise.
        mirror: the share of variants that are turned left to right, 0 to 1.
        crop: the least share of a side that is kept, above 0 to 1.
        angle: how far they are rotated at most, in degrees, to either side.
        brightness, contrast, saturation: by which factor at most they are changed, less 1.
        hue: how far colours are turned at most, in turns of the whole circle, to either side.
    """

    originals: int
    seed: int = 0
    mirror: float = 0.0
    crop: float = 1.0
    angle: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0


@dataclass(frozen=True, slots=True)
class Dataset:
    """Square pictures with captions.

    Attributes:
        count: how many there are, variants among them.
        size: their side in pixels.
        source: where they come from.
        hints: what a ControlNet is shown of them: what is made of the pictures themselves, or other pictures, one for
            each of these; None is nothing.
        augmentation: how they are varied; None: they are as they come.
    """

    count: int
    size: int
    source: Drawn | Filed
    hints: Hint | Drawn | Filed | None = None
    augmentation: Augmentation | None = None
