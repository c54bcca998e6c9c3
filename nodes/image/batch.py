"""Between a batch of pictures and a list of them."""

import torch

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node


@node("image.split", category="image/batch", title="Split batch", aliases=("Image from batch",))
def split(image: Image) -> list[Image]:
    """Make a list of the pictures of a batch, so that what follows runs for each."""
    return [Image(picture[None]) for picture in image.pixels]


@node("image.join", category="image/batch", title="Join pictures", aliases=("Image batch",))
def join(images: list[Image]) -> Image:
    """Make one batch of a list of pictures.

    Inputs:
        images: of one size; where some have transparency and others have not, all get it.

    Errors: there is none, or their sizes differ.
    """
    sizes = sorted({(each.width, each.height) for each in images})
    if len(sizes) != 1:
        found = ", ".join(f"{width} x {height}" for width, height in sizes) or "no picture"
        raise NodeError(f"a batch needs pictures of one size, not {found}", hint="Resize or crop them first.")
    channels = max(each.channels for each in images)
    opaque = (torch.nn.functional.pad(each.pixels, (0, channels - each.channels), value=1.0) for each in images)
    return Image(torch.cat(list(opaque)))
