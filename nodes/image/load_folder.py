"""The pictures of a folder."""

from typing import Annotated, NamedTuple

from pydantic import Field

from graphengine.diffusion.folders import caption_of, files_in
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Under
from nodes.image.load import load


class Pictures(NamedTuple):
    """The pictures, and what is written beside them."""

    images: list[Image]
    captions: list[str]


@node("image.load_folder", category="image", title="Load folder of images", lane="io", version=2)
def load_folder(
    folder: Annotated[File, Under("inputs")],
    first: Annotated[int, Field(ge=0)] = 0,
    count: Annotated[int, Field(ge=0, le=10_000)] = 0,
    pattern: str = "*",
    recursive: bool = False,
    *,
    context: Context = injected,
) -> Pictures:
    """Load the pictures of a folder as a list, in the order of their names; what follows runs for each.

    Numbers in names are ordered as numbers. Hidden files, links that lead out of the folder, and files of other kinds
    are left out.

    Inputs:
        folder: under the inputs.
        first: how many pictures are passed over.
        count: how many are taken; 0 takes all.
        pattern: of file names, such as ``portrait*.jpg``; several are separated by semicolons. Case does not count.
        recursive: whether folders within it are looked through too.

    Outputs:
        images: the pictures, of any sizes.
        captions: for each the text of the ``.txt`` or ``.caption`` file of its name beside it; empty where there is
            none.

    Errors: it is not a folder, no picture is there, or one cannot be read.
    """
    files = files_in(folder, pattern, recursive=recursive, pictures=True)
    chosen = files[first:][: count or None]
    if not chosen:
        raise NodeError(f"there are {len(files)} pictures in {folder.reference!r}, and none of them was chosen")
    pictures = []
    for done, file in enumerate(chosen, start=1):
        pictures.append(load(file).image)
        context.progress(done, len(chosen))
    return Pictures(pictures, [caption_of(file) for file in chosen])
