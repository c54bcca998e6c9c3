"""The files of a folder."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.folders import files_in
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


@node("list.files", category="list", title="Files of a folder", lane="io", aliases=("Load folder", "Glob"))
def files(
    folder: Annotated[File, Under("inputs")],
    pattern: str = "*",
    recursive: bool = False,
    first: Annotated[int, Field(ge=0)] = 0,
    count: Annotated[int, Field(ge=0, le=10_000)] = 0,
) -> list[File]:
    """List the files of a folder in the order of their names, so that a workflow runs for each.

    Numbers in names are ordered as numbers. Hidden files and links that lead out of the folder are left out.

    Inputs:
        folder: under the inputs.
        pattern: of file names, such as ``*.mp4``; several are separated by semicolons. Case does not count.
        recursive: whether folders within it are looked through too.
        first: how many files are passed over.
        count: how many are taken; 0 takes all.

    Errors: it is not a folder, or no such file is there.
    """
    found = files_in(folder, pattern, recursive=recursive)
    chosen = found[first:][: count or None]
    if not chosen:
        raise NodeError(f"there are {len(found)} files in {folder.reference!r}, and none of them was chosen")
    return chosen
