"""Letting people watch a sampling."""

from collections.abc import Callable
from functools import partial

from graphengine.diffusion.images import to_jpeg
from graphengine.diffusion.sampling import OnStep
from graphengine.diffusion.types.image import Image
from graphengine.node.context import Context, Preview


def watched_by(context: Context) -> OnStep:
    """Return what reports each step to ``context``, with a small picture for whoever looks."""

    def on_step(step: int, total: int, picture: Callable[[], Image]) -> None:
        context.progress(step, total)
        context.preview(partial(look, picture))

    return on_step


def look(picture: Callable[[], Image]) -> Preview:
    """Return a small picture in the form in which it is shown."""
    image = picture()
    return Preview("image/jpeg", to_jpeg(image), image.width, image.height)
