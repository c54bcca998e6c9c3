"""Between PIL and tensors."""

import numpy as np
import pytest
import torch
from PIL import Image as Pil

from graphengine.diffusion.images import from_pil, to_pil
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("channels", [3, 4])
def test_eight_bits_survive(channels: int) -> None:
    levels = np.arange(4 * 4 * channels, dtype=np.uint8).reshape(4, 4, channels)
    (back,) = to_pil(from_pil([Pil.fromarray(levels)]))
    assert np.array_equal(np.asarray(back), levels)


def test_values_are_rounded_and_clamped() -> None:
    image = Image(torch.tensor([-1.0, 0.4999 / 255, 2.0]).expand(1, 1, 1, 3))
    assert to_pil(image)[0].getpixel((0, 0)) == (0, 0, 255)


@pytest.mark.parametrize(("mode", "channels"), [("L", 3), ("P", 3), ("1", 3), ("LA", 4), ("RGBA", 4), ("CMYK", 3)])
def test_modes(mode: str, channels: int) -> None:
    assert from_pil([Pil.new(mode, (3, 2))]).pixels.shape == (1, 2, 3, channels)


def test_sixteen_bits_keep_their_precision() -> None:
    picture = Pil.fromarray(np.array([[0, 1, 65535]], dtype=np.uint16))
    assert torch.equal(from_pil([picture]).pixels[0, 0, :, 0], torch.tensor([0, 1 / 65535, 1]))


def test_orientation_is_applied() -> None:
    picture = Pil.new("RGB", (3, 2))
    picture.getexif()[0x0112] = 6  # a quarter turn
    assert from_pil([picture]).pixels.shape == (1, 3, 2, 3)


def test_a_batch_has_one_size_and_one_number_of_channels() -> None:
    assert from_pil([Pil.new("RGB", (3, 2)), Pil.new("RGBA", (3, 2))]).pixels.shape == (2, 2, 3, 4)
    with pytest.raises(NodeError, match="3 x 2, 4 x 2"):
        from_pil([Pil.new("RGB", (3, 2)), Pil.new("RGB", (4, 2))])
    with pytest.raises(NodeError, match="no picture"):
        from_pil([])
