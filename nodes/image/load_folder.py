"""The pictures of a folder."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Under
from nodes.image.load import load

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"})


@node("image.load_folder", category="image", title="Load folder of images", lane="io")
def load_folder(
    folder: Annotated[File, Under("inputs")],
    first: Annotated[int, Field(ge=0)] = 0,
    count: Annotated[int, Field(ge=0, le=10_000)] = 0,
    *,
    context: Context = injected,
) -> list[Image]:
    """Load the pictures of a folder as a list, in the order of their names; what follows runs for each.

    Inputs:
        folder: under the inputs; folders within it and files of other kinds are left out.
        first: how many pictures are passed over.
        count: how many are taken; 0 takes all.

    Errors: it is not a folder, no picture is there, or one cannot be read.
    """
    if not folder.path.is_dir():
        raise NodeError(f"{folder.reference!r} is not a folder", hint="Use Load image for a single file.")
    paths = sorted(path for path in folder.path.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
    chosen = paths[first:][: count or None]
    if not chosen:
        raise NodeError(f"there are {len(paths)} pictures in {folder.reference!r}, and none of them was chosen")
    pictures = []
    for done, path in enumerate(chosen, start=1):
        pictures.append(load(File(f"{folder.reference}/{path.name}", path, folder.digest)).image)
        context.progress(done, len(chosen))
    return pictures
