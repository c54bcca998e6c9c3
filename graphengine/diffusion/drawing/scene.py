"""What a picture shows, as frozen data: figures on a plain background, a small landscape, or faces.

All positions and lengths are fractions of the picture's side, x to the right and y downwards, so that a scene
has no size in pixels until it is rendered.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from graphengine.diffusion.drawing.palette import Colour

Shape = Literal["circle", "square", "triangle", "star", "ring", "cross"]
Relation = Literal["left of", "right of", "above", "below"]
Place = Literal["centre", "left", "right", "top", "bottom"]
Hour = Literal["day", "sunset", "night"]
Ground = Literal["meadow", "sea", "desert", "snow"]
Building = Literal["house", "tree", "boat"]
Hair = Literal["brown", "black", "light brown", "grey"]
Backdrop = Literal["pale blue", "pale green", "beige", "pale purple"]

SHAPES: tuple[Shape, ...] = get_args(Shape)
RELATIONS: tuple[Relation, ...] = get_args(Relation)
PLACES: tuple[Place, ...] = get_args(Place)
HOURS: tuple[Hour, ...] = get_args(Hour)
GROUNDS: tuple[Ground, ...] = get_args(Ground)
HAIRS: tuple[Hair, ...] = get_args(Hair)
BACKDROPS: tuple[Backdrop, ...] = get_args(Backdrop)

OFF_CENTRE = 0.08
"""A figure whose centre lies further than this from the middle is no longer called centred."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One flat shape: its colour, its centre (x, y) and its circumscribed radius."""

    shape: Shape
    colour: Colour
    x: float
    y: float
    radius: float

    @property
    def place(self) -> Place:
        """Where the figure lies, by its larger offset from the middle of the picture."""
        dx, dy = self.x - 0.5, self.y - 0.5
        if max(abs(dx), abs(dy)) <= OFF_CENTRE:
            return "centre"
        if abs(dx) >= abs(dy):
            return "left" if dx < 0 else "right"
        return "top" if dy < 0 else "bottom"


@dataclass(frozen=True, slots=True)
class Still:
    """One to five figures on a plain background."""

    background: Colour
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that stands in a landscape: its foot lies at x, its height is `size`."""

    kind: Building
    x: float
    size: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Landscape:
    """A small scene: sky by the hour, ground, things, mountains (their peaks' x), sun or moon at (x, y)."""

    hour: Hour
    ground: Ground
    things: tuple[Thing, ...]
    peaks: tuple[float, ...]
    light: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Face:
    """A head from the front in a square of side ``size`` around (x, y); ``smile`` is half its mouth, in sides of that.

    Its skin is an index into the colours that there are; captions do not name it.
    """

    hair: Hair
    skin: int
    smile: float
    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """Faces beside one another before a plain ground, from left to right."""

    backdrop: Backdrop
    faces: tuple[Face, ...]


Scene = Still | Landscape | Portrait


def relation(first: Figure, second: Figure) -> Relation:
    """How `first` lies to `second`: the axis on which they are further apart decides."""
    dx, dy = first.x - second.x, first.y - second.y
    if abs(dx) >= abs(dy):
        return "left of" if dx < 0 else "right of"
    return "above" if dy < 0 else "below"
