"""A folder of pictures of one's own."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.folders import caption_of, files_in
from graphengine.diffusion.types.dataset import Dataset, Filed
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


@node("data.folder", category="data", title="Dataset of a folder", lane="io")
def folder(
    folder: Annotated[File, Under("inputs")],
    pattern: str = "*",
    recursive: bool = True,
    size: Annotated[int, Field(ge=16, le=1024)] = 128,
) -> Dataset:
    """Make a dataset of the pictures of a folder; each is turned upright, cut to a square, and scaled.

    The square is the largest in the middle of a picture. Pictures are in the order of their names, numbers among them
    as numbers; files of other kinds are left out.

    Inputs:
        folder: under the inputs.
        pattern: of file names, such as ``*.jpg``; several are separated by semicolons. Case does not count.
        recursive: whether folders within it are looked through too.
        size: the side of a picture in pixels, 16 to 1024.

    Outputs:
        dataset: the pictures. The caption of one is the text of the ``.txt`` or ``.caption`` file of its name beside
            it; it is empty where there is none.

    Errors: it is not a folder, no picture is there, or a caption is no text.
    """
    files = files_in(folder, pattern, recursive=recursive, pictures=True)
    return Dataset(len(files), size, Filed(tuple(files), tuple(map(caption_of, files))))
