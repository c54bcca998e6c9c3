"""The pictures and the video that come with the program are the generator's own."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from moving import drawn, psnr
from numpy.typing import NDArray
from PIL import Image as Pillow

from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.scene import Landscape, Thing
from graphengine.diffusion.video.opening import open_video
from graphengine.diffusion.video.reading import frames_of
from graphengine.files.digest import Digests
from graphengine.files.roots import File
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


def opened(name: str) -> NDArray[np.float64]:
    with Pillow.open(EMBEDDED / "pictures" / name) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.float64)


def test_the_damaged_picture_is_one_of_them_with_scratches() -> None:
    same = np.abs(opened("damaged-house.png") - opened("house-on-a-meadow.png")).max(-1) <= 10  # it has dust, too
    assert 0.8 < same.mean() < 0.99


def test_the_faded_picture_is_one_of_them_with_less_contrast() -> None:
    faded, true = opened("faded-house.webp"), opened("house-on-a-meadow.png")
    assert faded.std() < 0.6 * true.std()
    assert np.corrcoef(faded.ravel(), true.ravel())[0, 1] > 0.9


def test_every_picture_is_known() -> None:
    known = {*PICTURES, "damaged-house.png", "faded-house.webp"}
    assert {path.name for path in Path(EMBEDDED / "pictures").iterdir()} == known


def boat(share: float) -> Landscape:
    """A boat that goes by at sunset while the sun goes down."""
    things = (Thing("boat", 0.16 + 0.62 * share, 0.3, "red"), Thing("house", 0.82, 0.34, "white"))
    return Landscape("sunset", "sea", things, (0.3, 0.68), (0.62, 0.2 + 0.28 * share))


def test_the_video_is_drawn_by_the_generator() -> None:
    (path,) = Path(EMBEDDED / "videos").iterdir()
    video = open_video(File("boat.mp4", path, Digests().of(path)))
    assert (video.rate, video.count) == (Fraction(8), 17)
    for index, frame in enumerate(frames_of(video)):
        assert psnr(frame, drawn(boat(index / 16), 128)) > 28
