"""Hints for an editor, written into ``Annotated[...]`` beside the type. They never change what is valid."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Widget:
    """The root of the hints; the class name is the widget's name on the wire."""

    def data(self) -> Mapping[str, Any]:
        """Return the hint as plain data."""
        return {"kind": type(self).__name__.lower(), **asdict(self)}


@dataclass(frozen=True, slots=True)
class Slider(Widget):
    """A number on a track; the ends are where the hand stops, not what is allowed."""

    low: float
    high: float
    step: float | None = None


@dataclass(frozen=True, slots=True)
class Multiline(Widget):
    """Text of several lines."""

    rows: int = 4


@dataclass(frozen=True, slots=True)
class Prompt(Widget):
    """Text for a text encoder: weights by key, token count."""

    rows: int = 4


@dataclass(frozen=True, slots=True)
class Colour(Widget):
    """Text that is a colour as the web writes it: ``#ff8000``, ``teal``, ``hsl(30, 100%, 50%)``."""


@dataclass(frozen=True, slots=True)
class Under:
    """Where the files of a ``File`` input are looked up: names of roots, in order.

    Args:
        roles: what models may be that an editor offers, see :data:`graphengine.models.nature.Role`; none is all. Those
            of which nobody knows what they are are offered too.
    """

    roots: tuple[str, ...]
    roles: tuple[str, ...]

    def __init__(self, *roots: str, roles: tuple[str, ...] = ()) -> None:
        object.__setattr__(self, "roots", roots)
        object.__setattr__(self, "roles", roles)


@dataclass(frozen=True, slots=True)
class Suits:
    """What value suits models of some kinds; a workflow that gives another runs, and its user is told.

    Args:
        by: the input that brings the model.
        values: by family and variant, ``flux/schnell``, see :class:`graphengine.models.nature.Nature`.
    """

    by: str
    values: Mapping[str, float]
