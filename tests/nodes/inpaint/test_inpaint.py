"""Parts of pictures: filled, padded, cut out, and put back without a seam."""

from typing import Any

import pytest
import torch

from graphengine.diffusion.seams import filled
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from nodes.inpaint.crop import crop, stitch
from nodes.inpaint.fill import fill, find_scratches
from nodes.inpaint.pad import pad
from nodes.inpaint.paste import paste_back

pytestmark = pytest.mark.torch


def ramp(height: int = 40, width: int = 50, batch: int = 1) -> Image:
    """A picture whose red rises to the right and whose green rises downward."""
    red = torch.linspace(0.1, 0.8, width).expand(height, width)
    green = torch.linspace(0.2, 0.7, height)[:, None].expand(height, width)
    return Image(torch.stack((red, green, torch.full((height, width), 0.4)), dim=-1).repeat(batch, 1, 1, 1))


def square(height: int = 40, width: int = 50, low: int = 12, high: int = 28) -> Mask:
    values = torch.zeros(1, height, width)
    values[:, low:high, low:high] = 1
    return Mask(values)


def test_a_hole_in_a_ramp_is_continued() -> None:
    """A linear ramp solves the Laplace equation, so it is what a hole in it must get."""
    image, mask = ramp(), square()
    emptied = torch.where(mask.values.unsqueeze(-1) > 0, torch.zeros(1), image.pixels)
    found = filled(emptied, mask.values)
    assert torch.equal(found[mask.values == 0], image.pixels[mask.values == 0])
    assert (found - image.pixels).abs().max() < 0.03


def test_a_picture_that_is_all_hole_becomes_black() -> None:
    assert filled(torch.rand(1, 5, 6, 3), torch.ones(1, 5, 6)).abs().max() == 0


@pytest.mark.parametrize("method", ["telea", "navier_stokes", "smooth"])
def test_scratches_are_found_and_mended(method: Any) -> None:
    image = ramp(batch=2)
    pixels = image.pixels.clone()
    pixels[:, 10:12, 5:45] = 1.0
    pixels[:, 5:35, 30] = 0.0
    damaged = Image(pixels)
    mask = find_scratches(damaged, width=4, contrast=0.1)
    assert mask.values[:, 10:12, 5:45].eq(1).all()
    assert mask.values[:, 5:35, 30].eq(1).all()
    assert mask.values.mean() < 0.2
    mended = fill(damaged, mask, method)
    assert torch.equal(mended.pixels[mask.values == 0], damaged.pixels[mask.values == 0])
    assert (mended.pixels - image.pixels).abs().max() < 0.1
    assert (mended.pixels - image.pixels).abs().mean() < (damaged.pixels - image.pixels).abs().mean() / 10


def test_only_dark_or_bright_scratches_on_demand() -> None:
    pixels = ramp().pixels.clone()
    pixels[:, 10, 5:45], pixels[:, 30, 5:45] = 1.0, 0.0
    bright, dark = (find_scratches(Image(pixels), contrast=0.1, kind=kind) for kind in ("bright", "dark"))
    assert (bright.values[0, 10, 20], bright.values[0, 30, 20]) == (1, 0)
    assert (dark.values[0, 10, 20], dark.values[0, 30, 20]) == (0, 1)


def test_grey_fill() -> None:
    found = fill(ramp(), square(), "grey").pixels
    assert found[0, 12:28, 12:28].eq(0.5).all()


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("match", [False, True])
def test_outside_of_the_mask_the_original_is_kept_to_the_bit(batch: int, match: bool) -> None:
    original, changed, mask = Image(torch.rand(batch, 40, 50, 4)), Image(torch.rand(2, 40, 50, 3)), square()
    found = paste_back(original, changed, mask, 6.0, match).pixels
    outside = mask.values[0] == 0
    assert torch.equal(found[:, outside], original.pixels[:, outside].expand(2, -1, -1))
    assert torch.equal(found[..., 3], original.pixels[..., 3].expand(2, -1, -1))
    assert not torch.equal(found[:, 20, 20, :3], original.pixels[:, 20, 20, :3].expand(2, -1))


def test_without_feather_and_matching_the_inside_is_what_changed() -> None:
    original, changed, mask = ramp(), Image(torch.rand(1, 40, 50, 3)), square()
    found = paste_back(original, changed, mask, 0.0, match_seam=False).pixels
    assert torch.equal(found[mask.values == 1], changed.pixels[mask.values == 1])


def test_a_shift_of_colour_leaves_no_seam() -> None:
    """What an autoencoder adds to all of a picture is taken away again."""
    original, mask = ramp(), square()
    shifted = Image((original.pixels + torch.tensor([0.1, -0.05, 0.08])).clamp(0, 1))
    matched = paste_back(original, shifted, mask, 0.0).pixels
    plain = paste_back(original, shifted, mask, 0.0, match_seam=False).pixels
    assert (matched - original.pixels).abs().max() < 0.01
    assert (plain - original.pixels).abs().max() > 0.07


def test_pictures_that_do_not_fit_are_refused() -> None:
    with pytest.raises(NodeError, match="1 × 50 × 40 and 1 × 40 × 50 do not fit"):
        paste_back(ramp(), ramp(50, 40), square())
    with pytest.raises(NodeError, match="1 masks of 40 × 50 do not fit"):
        paste_back(ramp(), ramp(), square(50, 40))


@pytest.mark.parametrize("how", ["smooth", "edge", "mirror", "grey"])
def test_padding(how: Any) -> None:
    image = ramp(batch=2)
    found = pad(image, 8, 4, 16, 2, how, overlap=3)
    assert found.image.pixels.shape == (2, 46, 74, 3)
    assert torch.equal(found.image.pixels[:, 4:44, 8:58], image.pixels)
    mask = found.mask.values[0]
    assert mask[:4].eq(1).all()
    assert mask[:, :8].eq(1).all()
    assert mask[7:41, 11:55].eq(0).all()
    assert mask[20, 8:12].tolist() == pytest.approx([0.75, 0.5, 0.25, 0])
    beside = found.image.pixels[:, 20, 58]
    wanted = torch.full((3,), 0.5) if how == "grey" else image.pixels[0, 16, -1]
    assert (beside - wanted).abs().max() < 0.03


def test_padding_one_side_marks_that_side_alone() -> None:
    mask = pad(ramp(), right=10, overlap=0).mask.values[0]
    assert mask[:, :50].eq(0).all()
    assert mask[:, 50:].eq(1).all()
    assert pad(ramp(), right=0).mask.values.max() == 0


def test_mirrors_go_on() -> None:
    image = Image(torch.rand(1, 3, 4, 3))
    found = pad(image, 9, 0, 0, 0, "mirror").image.pixels
    assert torch.equal(found[:, :, 5:9], image.pixels.flip(2))
    assert torch.equal(found[:, :, 1:5], image.pixels)


def test_crop_takes_a_square_around_the_mask_and_stitch_puts_it_back() -> None:
    image, mask = ramp(60, 80, batch=2), square(60, 80, 20, 36)
    cut = crop(image, mask, margin=0.5, size=64)
    assert (cut.x, cut.y, cut.width, cut.height) == (12, 12, 32, 32)
    assert cut.image.pixels.shape == (2, 64, 64, 3)
    assert cut.mask.values[0, 18:46, 18:46].eq(1).all()
    assert (cut.image.pixels[0, 0, :, 0].min() - image.pixels[0, 0, 12, 0]).abs() < 0.01
    place = cut[2:]
    same = stitch(image, cut.image, mask, *place)
    assert (same.pixels - image.pixels).abs().max() < 0.01
    black = stitch(image, Image(torch.zeros(1, 64, 64, 3)), mask, *place, feather=2.0, match_seam=False)
    outside = mask.values[0] == 0
    assert torch.equal(black.pixels[:, outside], image.pixels[:, outside])
    assert black.pixels[:, 28, 28].abs().max() < 1e-3


def test_a_crop_stays_within_the_picture() -> None:
    image, mask = ramp(40, 50), square(40, 50, 0, 30)
    cut = crop(image, mask, margin=1.0, size=32)
    assert (cut.x, cut.y, cut.width, cut.height) == (0, 0, 50, 40)
    with pytest.raises(NodeError, match="marks nothing"):
        crop(image, Mask(torch.zeros(1, 40, 50)))
    with pytest.raises(NodeError, match="do not lie within"):
        stitch(image, image, mask, 10, 0, 50, 40)
