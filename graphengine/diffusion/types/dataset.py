"""Sets of pictures to train on and to judge by: descriptions, never the pictures themselves."""

from dataclasses import dataclass
from typing import Literal

from graphengine.diffusion.drawing.style import Style
from graphengine.files.roots import File

Scenes = Literal["mixed", "one figure", "two figures", "landscapes", "held out"]
"""What the drawn pictures show; what is held out has combinations of looks that no other set has."""


Hint = Literal["depth", "edges"]
"""What a ControlNet is shown of a picture: how far away things are, white is nearest; or where they end."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pictures that the program draws: the one at an index depends on the seed and the index alone.

    Attributes:
        scenes: what they show.
        seed: another one draws other pictures.
        style: in which hand; the captions do not name it.
    """

    scenes: Scenes
    seed: int
    style: Style = "flat"


@dataclass(frozen=True, slots=True)
class Filed:
    """Pictures from files, each with its caption."""

    files: tuple[File, ...]
    captions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Square pictures with captions.

    Attributes:
        count: how many there are.
        size: their side in pixels.
        source: where they come from.
        hints: what a ControlNet is shown of them: what is made of the pictures themselves, or other pictures, one for
            each of these; None is nothing.
    """

    count: int
    size: int
    source: Drawn | Filed
    hints: Hint | Drawn | Filed | None = None
