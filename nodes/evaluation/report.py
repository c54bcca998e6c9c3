"""Figures and pictures on one page."""

from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from graphengine.diffusion.evaluation.report import Captioned, Row, page
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

    Outputs:
        file: what was written.

    Errors: there are not as many names as values, or not as many captions as pictures; the name has an unknown field or
    leaves the output folder.
    """
    if len(names) != len(values):
        raise NodeError(f"there are {len(names)} names for {len(values)} values", hint="Give one for each.")
    pictures = [] if image is None else list(to_pil(image))
    if captions and len(captions) != len(pictures):
        raise NodeError(
            f"there are {len(captions)} captions for {len(pictures)} pictures", hint="Give one for each, or none."
        )
    rows = [Row(*each) for each in zip(names, values, strict=True)]
    shown = [Captioned(*each) for each in zip(pictures, captions or [""] * len(pictures), strict=True)]
    content = page(title, description, rows, shown).encode()
    return Written(context.save(name, ".html", content, "text/html"))
