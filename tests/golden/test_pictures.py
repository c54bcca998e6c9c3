"""What the ready-made workflows for pictures make, judged by their pixels."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from numpy.typing import NDArray

from graphengine.diffusion.evaluation.reader import Reading, read
from graphengine.diffusion.types.image import Image

pytestmark = pytest.mark.torch

Make = Callable[..., Mapping[str, Any]]


def seen(image: Image, index: int = 0) -> Reading:
    """Read what a picture of flat figures shows."""
    return read(_bytes(image, index))


def _bytes(image: Image, index: int) -> NDArray[Any]:
    picture: NDArray[Any] = (image.pixels[index, ..., :3] * 255).round().to(torch.uint8).numpy()
    return picture


def test_a_composite_shows_both_things_and_keeps_no_seam(make: Make) -> None:
    found = make("composite", steps=8, look={"placed": "place.image", "ground": "picture.image"})
    placed, ground = found["placed"].pixels, found["ground"].pixels
    assert torch.equal(placed[:, :32], ground[:, :32]), "where the layer does not lie the ground stays"
    reading = seen(found["image"])
    assert reading.background == "blue"
    things = {(each.colour, each.shape): each.x for each in reading.figures}
    assert things.keys() == {("red", "circle"), ("yellow", "star")}
    assert things["red", "circle"] < 0.5 < things["yellow", "star"]
