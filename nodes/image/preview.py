"""Pictures to look at, without a file."""

import io
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.images import sheet, to_pil
from graphengine.diffusion.types.image import Image
from graphengine.node.context import Context, Preview
from graphengine.node.declare import injected, node


@node("image.preview", category="image", title="Preview image", sink=True, aliases=("Show image", "View"))
def preview(image: Image, size: Annotated[int, Field(ge=16, le=4096)] = 1024, *, context: Context = injected) -> Image:
    """Show pictures while a workflow runs, without writing a file.

    A batch is shown on one sheet. This is a sink: it shows its picture in every run, also when the picture
    itself was not computed again.

    Inputs:
        size: longest side of what is shown, in pixels; larger pictures are shown smaller.

    Outputs:
        image: what came in, to go on with.
    """
    context.preview(lambda: _shown(image, size))
    return image


def _shown(image: Image, size: int) -> Preview:
    (picture,) = to_pil(sheet(image))
    picture.thumbnail((size, size))
    content = io.BytesIO()
    picture.save(content, "webp", quality=90)
    return Preview("image/webp", content.getvalue(), picture.width, picture.height)
