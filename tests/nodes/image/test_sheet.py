"""Sheets and grids."""

import pytest
import torch

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from nodes.image.sheet import contact_sheet, xy_grid

pytestmark = pytest.mark.torch


def flat(level: float, height: int = 40, width: int = 60, batch: int = 1, channels: int = 3) -> Image:
    return Image(torch.full((batch, height, width, channels), level))


def test_a_contact_sheet_shows_every_picture_in_order() -> None:
    sheet = contact_sheet([flat(0.2), flat(0.4, batch=2), flat(0.6, 20, 30)], [], columns=2, gap=4).pixels[0]
    assert sheet.shape == (4 * 3 + 80, 4 * 3 + 120, 3)
    assert sheet[24, 34, 0].item() == pytest.approx(0.2)
    assert sheet[24, 98, 0].item() == pytest.approx(0.4)
    assert sheet[68, 34, 0].item() == pytest.approx(0.4)
    assert sheet[68, 98, 0].item() == pytest.approx(0.6), "smaller ones are in the middle of their place"
    assert sheet[50, 70].eq(1).all()


def test_captions_stand_below_their_pictures() -> None:
    images = [flat(0.5), flat(0.5)]
    bare, worded = contact_sheet(images, []), contact_sheet(images, ["a caption that is much too long", ""])
    assert worded.height > bare.height
    strip = worded.pixels[0, 46 + 1 : -6]
    left, right = strip[:, :66], strip[:, 72:]
    assert left.min() < 0.3, "dark letters"
    assert right.min() == 1, "no words, no letters"
    with pytest.raises(NodeError, match="2 captions are too many for 1 pictures"):
        contact_sheet([flat(0.5)], ["a", "b"])


def test_transparency_is_shown_on_white() -> None:
    clear = Image(torch.cat((torch.zeros(1, 8, 8, 3), torch.full((1, 8, 8, 1), 0.25)), dim=-1))
    assert contact_sheet([clear], [], gap=0).pixels.eq(0.75).all()
    with pytest.raises(NodeError, match="no picture"):
        contact_sheet([], [])


def test_a_grid_has_its_words_at_the_sides_and_its_pictures_in_place() -> None:
    images = [flat(level / 10) for level in range(1, 7)]
    sheet = xy_grid(images, ["first row", "second row"], ["x", "y", "z"], gap=4).pixels[0]
    height, width = sheet.shape[:2]
    for row in range(2):
        for column in range(3):
            y, x = height - (1 - row) * 44 - 24, width - (2 - column) * 64 - 34
            assert sheet[y, x, 0].item() == pytest.approx((row * 3 + column + 1) / 10)
    assert sheet[:, :40].min() < 0.3
    with pytest.raises(NodeError, match="6 pictures do not fill 2 rows of 2"):
        xy_grid(images, ["1", "2"], ["1", "2"])
