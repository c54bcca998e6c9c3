"""The architectures that can be loaded, and how each is known."""

from collections.abc import Callable
from typing import Final

from graphengine.models import flux, sd, sd3, sdxl, wan
from graphengine.models.built import Built
from graphengine.models.source import Source

DETECTORS: Final[tuple[Callable[[Source], Built | None], ...]] = (
    sd.detect,
    sdxl.detect,
    sd3.detect,
    flux.detect,
    wan.detect,
)


def built(source: Source) -> Built | None:
    """Return how a model is built, or None if it is of no architecture that can be loaded.

    Raises:
        ModelRefused: a folder lacks a configuration.
    """
    return next((found for detect in DETECTORS if (found := detect(source)) is not None), None)
