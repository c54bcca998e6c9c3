"""Pictures of one's own."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.types.dataset import Dataset, Filed
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


@node("data.pictures", category="data", title="Dataset of pictures", lane="io")
def pictures(
    files: Annotated[list[File], Under("inputs")],
    captions: list[str] = [],  # noqa: B006 - a default as the document writes it; nothing changes it
    size: Annotated[int, Field(ge=16, le=1024)] = 128,
) -> Dataset:
    """Make a dataset of picture files; each is turned upright, cut to a square in its middle, and scaled.

    Inputs:
        files: the pictures, one or more.
        captions: what they show, one for each file; without any, all are empty.
        size: the side of a picture in pixels, 16 to 1024.

    Outputs:
        dataset: the pictures with their captions.

    Errors: there is no file, or there are not as many captions as files.
    """
    if not files:
        raise NodeError("a dataset needs at least one picture", hint="Name files under the input folder.")
    if captions and len(captions) != len(files):
        raise NodeError(
            f"there are {len(captions)} captions for {len(files)} files", hint="Give one for each file, or none."
        )
    return Dataset(len(files), size, Filed(tuple(files), tuple(captions or [""] * len(files))))
