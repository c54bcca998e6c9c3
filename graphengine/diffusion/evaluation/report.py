"""A report as one HTML page, with all its pictures in it."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from PIL import Image as Pil


@dataclass(frozen=True, slots=True)
class Row:
    """A figure; those from 0 to 1 are shown with a bar."""

    name: str
    value: float

    @property
    def shown(self) -> str:
        """The value as people read it."""
        return f"{self.value:.4g}"

    @property
    def share(self) -> float | None:
        """The value, if it is one of 0 to 1."""
        return self.value if 0 <= self.value <= 1 else None


@dataclass(frozen=True, slots=True)
class Table:
    """Several things side by side: a row for each, a column for each figure.

    Attributes:
        columns: what was measured.
        rows: what it was measured of, each with its figures in the order of the columns.
    """

    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Captioned:
    """A picture with its caption."""

    picture: Pil.Image
    caption: str

    @property
    def source(self) -> str:
        """The picture as a PNG within the page."""
        written = io.BytesIO()
        self.picture.save(written, "png")
        return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"


def table_of(columns: Sequence[str], names: Sequence[str], values: Sequence[float]) -> Table:
    """Return a table of figures that stand row by row; the last row may lack some at its end.

    Raises:
        ValueError: there are not as many figures as rows times columns.
    """
    if not len(columns) * (len(names) - 1) < len(values) <= len(columns) * len(names):
        raise ValueError(f"{len(names)} rows of {len(columns)} columns take {len(columns) * len(names)} values")
    wide = len(columns)
    rows = [
        [Row(*each) for each in zip(columns, values[place * wide : (place + 1) * wide], strict=False)]
        for place in range(len(names))
    ]
    return Table(columns, list(zip(names, rows, strict=True)))


def page(title: str, description: str, figures: Sequence[Row] | Table, pictures: Sequence[Captioned]) -> str:
    """Return the HTML of a report; whatever the texts hold, it is shown and does nothing."""
    template = (files(__package__) / "report.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    table, rows = (figures, ()) if isinstance(figures, Table) else (None, figures)
    return environment.from_string(template).render(
        title=title, description=description, table=table, rows=rows, pictures=pictures
    )
