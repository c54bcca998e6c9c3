"""The pictures and the video that come with the program are the generator's own."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from moving import drawn, psnr
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


def test_every_picture_is_known() -> None:
    assert {path.name for path in Path(EMBEDDED / "pictures").iterdir()} == set(PICTURES)


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
