"""Figures and pictures on one page."""

from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from graphengine.diffusion.evaluation.report import Captioned, Row, Table, page, table_of
from graphengine.diffusion.images import to_pil
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.files.naming import check_pattern
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import injected, node


class Written(NamedTuple):
    """The page."""

    file: File


@node("evaluation.report", category="evaluation", title="Report", lane="io", sink=True)
def report(
    names: list[str],
    values: list[float],
    image: Image | None = None,
    captions: list[str] = [],  # noqa: B006 - a default as the document writes it; nothing changes it
    title: str = "Evaluation",
    description: str = "",
    name: Annotated[str, AfterValidator(check_pattern)] = "{workflow}",
    rows: list[str] = [],  # noqa: B006 - as above
    *,
    context: Context = injected,
) -> Written:
    """Write figures and pictures as one HTML page, which needs no other file.

    Inputs:
        names, values: what was measured, and what came out; those from 0 to 1 are drawn as bars too.
        image: pictures to show, if any.
        captions: what is written below them, one for each, or none.
        title, description: what stands at the top.
        name: of the file; may hold ``{workflow}``, ``{node}``, ``{run}``, ``{date}``, ``{time}`` and ``{counter:05}``;
            ``/`` makes folders.
        rows: compares several things in one table, with a row for each of these and a column for each name; the values
            stand row by row, and the last row may lack some at its end.

    Outputs:
        file: what was written.

    Errors: there are not as many values as names, or as rows times names, or not as many captions as pictures; the name
    has an unknown field or leaves the output folder.
    """
    figures = _figures(names, values, rows)
    pictures = [] if image is None else list(to_pil(image))
    if captions and len(captions) != len(pictures):
        raise NodeError(
            f"there are {len(captions)} captions for {len(pictures)} pictures", hint="Give one for each, or none."
        )
    shown = [Captioned(*each) for each in zip(pictures, captions or [""] * len(pictures), strict=True)]
    content = page(title, description, figures, shown).encode()
    return Written(context.save(name, ".html", content, "text/html"))


def _figures(names: list[str], values: list[float], rows: list[str]) -> list[Row] | Table:
    if rows:
        try:
            return table_of(names, rows, values)
        except ValueError as error:
            raise NodeError(f"{error}, not {len(values)}", hint="Give a value for each name in each row.") from error
    if len(names) != len(values):
        raise NodeError(f"there are {len(names)} names for {len(values)} values", hint="Give one for each.")
    return [Row(*each) for each in zip(names, values, strict=True)]
