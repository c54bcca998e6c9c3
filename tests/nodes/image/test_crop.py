"""Rectangles inside pictures, and none outside."""

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from nodes.image.crop import crop
from nodes.image.size import size

pytestmark = pytest.mark.torch

PICTURE = Image(torch.arange(2 * 6 * 8 * 3).float().reshape(2, 6, 8, 3) / 288)


@example(3, 2, 5, 4)
@example(4, 2, 5, 4)
@example(3, 3, 5, 4)
@given(st.integers(0, 10), st.integers(0, 10), st.integers(1, 10), st.integers(1, 10))
def test_content_or_an_error(x: int, y: int, width: int, height: int) -> None:
    if x + width <= 8 and y + height <= 6:
        cropped = crop(PICTURE, x, y, width, height)
        assert torch.equal(cropped.pixels, PICTURE.pixels[:, y : y + height, x : x + width])
        assert size(cropped) == (width, height, 2)
    else:
        with pytest.raises(NodeError, match="which is 8 × 6"):
            crop(PICTURE, x, y, width, height)


def test_does_not_hold_the_whole_picture() -> None:
    assert crop(PICTURE, 0, 0, 1, 1).pixels.untyped_storage().nbytes() == 2 * 3 * 4


def test_size_names_its_outputs() -> None:
    told = size(PICTURE)
    assert (told.width, told.height, told.batch) == (8, 6, 2)
