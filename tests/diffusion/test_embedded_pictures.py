"""The pictures that come with the program are the generator's own, pixel for pixel."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.scene import Landscape, Thing
from nodes import EMBEDDED

pytestmark = pytest.mark.torch

HOUSE_ON_A_MEADOW = Landscape(
    hour="day",
    ground="meadow",
    things=(Thing("house", 0.72, 0.34, "red"), Thing("tree", 0.24, 0.38, "green")),
    peaks=(),
    light=(0.32, 0.15),
)

PICTURES = {"house-on-a-meadow.png": HOUSE_ON_A_MEADOW}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_drawn_by_the_generator(name: str) -> None:
    with Pillow.open(EMBEDDED / "pictures" / name) as picture:
        assert np.array_equal(np.asarray(picture), render(PICTURES[name], 128))


def test_every_picture_is_known() -> None:
    assert {path.name for path in Path(EMBEDDED / "pictures").iterdir()} == set(PICTURES)
