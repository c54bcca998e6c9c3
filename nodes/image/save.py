"""Pictures to files."""

import io
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from PIL import Image as Pil
from pydantic import AfterValidator, Field

from graphengine.diffusion.images import to_pil
from graphengine.diffusion.types.image import Image
from graphengine.files.exif import exif_of
from graphengine.files.naming import check_pattern
from graphengine.files.picture import png_text
from graphengine.files.roots import File
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Slider

Format = Literal["png", "jpeg", "webp", "tiff"]


class Saved(NamedTuple):
    """The picture as it came, and the files that hold it."""

    image: Image
    files: list[File]


@node(
    "image.save",
    category="image",
    title="Save image",
    lane="io",
    sink=True,
    aliases=("Export", "Write image", "Output"),
)
def save(
    image: Image,
    name: Annotated[str, AfterValidator(check_pattern)] = "{workflow}",
    format: Format = "png",  # noqa: A002 - the word that people use
    quality: Annotated[int, Field(ge=1, le=100), Slider(1, 100)] = 90,
    embed_workflow: bool = True,
    *,
    context: Context = injected,
) -> Saved:
    """Save pictures into the output folder, one file for each of the batch.

    Nothing is ever overwritten: names are counted up. Channels have 8 bits, rounded. PNG is exact.
    Files carry the workflow, so that opening a picture opens what made it, and all else that it takes to make it
    again. JPEG has no transparency; there the ground is white.

    Inputs:
        name: may hold ``{workflow}``, ``{node}``, ``{run}``, ``{date}``, ``{time}`` and ``{counter:05}``;
            ``/`` makes folders.
        format: ``png``, ``jpeg``, ``webp`` or ``tiff``, which is exact, too.
        quality: of JPEG and WebP, 1 (small) to 100 (good); PNG and TIFF need none.
        embed_workflow: whether the file carries the workflow, and what else it takes to make it again; switch it off
            before publishing a secret prompt. A JPEG has room for 65 kB of it, and carries nothing of more.

    Outputs:
        image: what came in, to go on with.
        files: what was written, in the order of the batch.

    Errors: the name has an unknown field or leaves the output folder.
    """
    options = _options(format, quality)
    files = []
    for done, picture in enumerate(to_pil(image), start=1):
        told = _told(context.origin(), format) if embed_workflow else {}
        content = _encoded(picture, format, {**options, **told})
        files.append(context.save(name, _SUFFIXES[format], content, f"image/{format}"))
        context.progress(done, image.batch)
    return Saved(image, files)


_SUFFIXES: dict[Format, str] = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "tiff": ".tif"}
_EXACT: dict[Format, dict[str, Any]] = {"png": {}, "tiff": {"compression": "tiff_adobe_deflate"}}


def _options(format_: Format, quality: int) -> dict[str, Any]:
    return dict(_EXACT.get(format_, {"quality": quality}))


def _told(origin: Mapping[str, str], format_: Format) -> dict[str, Any]:
    """Return how a format takes what a picture says of its origin; nothing where it has no room for it."""
    if format_ == "png":
        return {"pnginfo": png_text(origin)}
    exif = exif_of(origin, format_)
    return {} if exif is None else {"exif": exif}


def _encoded(picture: Pil.Image, format_: Format, options: dict[str, Any]) -> bytes:
    if format_ == "jpeg" and picture.mode == "RGBA":
        picture = Pil.alpha_composite(Pil.new("RGBA", picture.size, "white"), picture).convert("RGB")
    content = io.BytesIO()
    picture.save(content, format_, **options)
    return content.getvalue()
