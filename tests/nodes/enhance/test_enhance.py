"""Tone, colour, sharpness and noise."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.files.roots import File
from nodes.enhance.balance import clahe, white_balance
from nodes.enhance.lut import lut
from nodes.enhance.noise import denoise, grain
from nodes.enhance.sharpen import deblur, sharpen, sharpness
from nodes.enhance.tone import auto_levels, curves, levels

pytestmark = pytest.mark.torch

FileOf = Callable[[Path], File]


def greys(*values: float) -> Image:
    return Image(torch.tensor(values)[None, None, :, None].repeat(1, 1, 1, 3))


def row(image: Image) -> list[float]:
    return image.pixels[0, 0, :, 0].tolist()


def blocks(side: int = 48) -> Image:
    """Squares of some colours with hard edges."""
    colours = torch.rand(1, 4, 4, 3, generator=torch.Generator().manual_seed(4)) * 0.8 + 0.1
    return Image(colours.repeat_interleave(side // 4, 1).repeat_interleave(side // 4, 2))


def error(one: Image, other: Image) -> float:
    return float((one.pixels - other.pixels).square().mean().sqrt())


def test_levels() -> None:
    assert row(levels(greys(0.1, 0.2, 0.5, 0.8, 0.9), 0.2, 0.8)) == pytest.approx([0, 0, 0.5, 1, 1])
    assert row(levels(greys(0.25), gamma=2.0)) == pytest.approx([0.5])
    assert row(levels(greys(0.0, 0.3, 1.0), darkest=1.0, lightest=0.0)) == pytest.approx([1, 0.7, 0])
    with pytest.raises(NodeError, match=r"0\.5 is not above the black point 0\.5"):
        levels(greys(0.1), 0.5, 0.5)


def test_auto_levels_reach_from_black_to_white() -> None:
    dull = Image(torch.rand(2, 20, 20, 3) * 0.3 + torch.tensor([0.3, 0.4, 0.5]))
    whole, apart = auto_levels(dull, 0.0), auto_levels(dull, 0.0, each_channel=True)
    assert (whole.pixels.amin(), whole.pixels.amax()) == (0, 1)
    assert whole.pixels[..., 0].mean() < whole.pixels[..., 2].mean() - 0.2
    assert torch.allclose(apart.pixels.amax((1, 2)), torch.ones(2, 3))
    assert torch.allclose(apart.pixels.amin((1, 2)), torch.zeros(2, 3))
    assert auto_levels(dull, 10.0).pixels.eq(0).float().mean() == pytest.approx(0.1, abs=0.01)


def test_curves_go_through_their_points_and_never_turn_back() -> None:
    bent = curves(greys(0.0, 0.25, 0.75, 1.0))
    assert row(bent) == pytest.approx([0, 0.2, 0.8, 1], abs=1e-6)
    many = row(curves(greys(*torch.linspace(0, 1, 101).tolist()), "0,0 0.4,0.1 0.5,0.9 1,1"))
    assert many == sorted(many)
    assert row(curves(greys(0.0, 1.0), "0.2,0.5 0.8,0.6")) == pytest.approx([0.5, 0.6])
    red = curves(greys(0.5), "0,0 0.5,1 1,1", "red").pixels[0, 0, 0]
    assert red.tolist() == pytest.approx([1, 0.5, 0.5])


@pytest.mark.parametrize("points", ["", "0,0", "0,0 1", "a,b c,d", "0,0 0,1", "0,0 1,2", "0,0 0.5,nan 1,1"])
def test_what_is_no_curve(points: str) -> None:
    with pytest.raises(NodeError, match="curve"):
        curves(greys(0.5), points)


def test_clahe_shows_what_is_in_the_shadows_and_keeps_greys_grey() -> None:
    steps = torch.linspace(0.1, 0.2, 64).repeat(64, 1)
    dark = Image(torch.cat((steps, steps + 0.6), dim=1)[None, ..., None].repeat(1, 1, 1, 3))
    found = clahe(dark, clip=4.0, tiles=4).pixels
    assert found[0, 32, 2:62, 0].std() > 1.5 * dark.pixels[0, 32, 2:62, 0].std()
    assert (found.amax(-1) - found.amin(-1)).max() < 0.01


@pytest.mark.parametrize("method", ["grey_world", "shades_of_grey", "white_patch"])
def test_white_balance_takes_a_cast_away(method: Any) -> None:
    grey = torch.rand(1, 20, 20, 1).expand(-1, -1, -1, 3) * 0.8
    yellow = Image((grey * torch.tensor([1.0, 0.95, 0.7])).contiguous())
    found = white_balance(yellow, method).pixels
    assert (yellow.pixels.amax(-1) - yellow.pixels.amin(-1)).mean() > 0.1
    assert (found.amax(-1) - found.amin(-1)).mean() < 0.02
    assert torch.allclose(white_balance(yellow, method, 0.0).pixels, yellow.pixels, atol=1e-5)


def test_sharpening_raises_sharpness_and_blur_lowers_it() -> None:
    image = blocks()
    soft = Image(torch.from_numpy(gaussian_filter(image.pixels.numpy(), (0, 1.5, 1.5, 0))))
    assert sharpness(soft) < sharpness(sharpen(soft)) < sharpness(image)
    assert torch.allclose(sharpen(soft, amount=0.0).pixels, soft.pixels)
    assert torch.equal(sharpen(soft, threshold=1.0).pixels, soft.pixels)


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    pixels = torch.zeros(1, 5, 5, 3)
    pixels[0, 2, 2] = 1
    laplacian = np.zeros((5, 5))
    laplacian[2, 2], laplacian[1, 2], laplacian[3, 2], laplacian[2, 1], laplacian[2, 3] = -4, 1, 1, 1, 1
    assert sharpness(Image(pixels)) == pytest.approx((laplacian * 255).var(), rel=1e-5)
    assert sharpness(greys(0.5, 0.5)) == 0


def test_deblurring_undoes_a_known_blur() -> None:
    image = blocks()
    soft = Image(torch.from_numpy(gaussian_filter(image.pixels.numpy(), (0, 1.5, 1.5, 0), mode="nearest")))
    assert error(deblur(soft, 1.5, 40), image) < 0.75 * error(soft, image)
    assert sharpness(deblur(soft)) > 2 * sharpness(soft)


@pytest.mark.parametrize("method", ["non_local_means", "bilateral"])
def test_denoising_comes_nearer_to_the_truth(method: Any) -> None:
    image = blocks()
    noisy = Image((image.pixels + 0.05 * torch.randn(image.pixels.shape)).clamp(0, 1))
    assert error(denoise(noisy, method, 0.05), image) < 0.7 * error(noisy, image)


def test_the_median_removes_single_pixels() -> None:
    image = blocks()
    dusty = image.pixels.clone()
    dusty[0, ::7, ::7] = 1
    assert error(denoise(Image(dusty), "median"), image) < 0.3 * error(Image(dusty), image)


@pytest.mark.parametrize("size", [0.0, 1.0])
def test_grain_is_strongest_in_the_middle_and_depends_on_the_seed(size: float) -> None:
    middle, black = (Image(torch.full((2, 64, 64, 3), value)) for value in (0.5, 0.0))
    found = grain(middle, 0.05, size).pixels
    assert found.std() == pytest.approx(0.05, rel=0.05)
    assert torch.equal(found[..., 0], found[..., 2])
    assert torch.equal(grain(black).pixels, black.pixels)
    assert torch.equal(found[1], grain(middle, 0.05, size, seed=1).pixels[0])  # type: ignore[arg-type]
    assert not torch.equal(*grain(middle, coloured=True).pixels[..., :2].unbind(-1))


def cube(path: Path, size: int, change: Callable[[torch.Tensor], torch.Tensor], head: str = "") -> Path:
    places = torch.linspace(0, 1, size)
    blue, green, red = torch.meshgrid(places, places, places, indexing="ij")
    rows = change(torch.stack((red, green, blue), dim=-1)).reshape(-1, 3).tolist()
    body = "\n".join(" ".join(f"{each:.7f}" for each in line) for line in rows)
    path.write_text(f'TITLE "A test"\n# made here\nLUT_3D_SIZE {size}\n{head}\n{body}\n')
    return path


def test_a_lut_changes_colours_as_its_table_says(tmp_path: Path, file_of: FileOf) -> None:
    image = Image(torch.rand(2, 5, 6, 4))
    same = lut(image, file_of(cube(tmp_path / "same.cube", 5, lambda colours: colours)))
    assert torch.allclose(same.pixels, image.pixels, atol=1e-5)
    swapped = file_of(cube(tmp_path / "swap.cube", 3, lambda colours: colours.flip(-1) * 0.5))
    wanted = image.pixels[..., :3].flip(-1) * 0.5
    assert torch.allclose(lut(image, swapped).pixels[..., :3], wanted, atol=1e-5)
    half = torch.lerp(image.pixels[..., :3], wanted, 0.5)
    assert torch.allclose(lut(image, swapped, 0.5).pixels[..., :3], half, atol=1e-5)


def test_a_lut_of_one_dimension_and_another_domain(tmp_path: Path, file_of: FileOf) -> None:
    path = tmp_path / "flat.cube"
    path.write_text("LUT_1D_SIZE 3\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 0.5 0.5 0.5\n0 0 1\n0.5 0 1\n1 0 1\n")
    found = lut(greys(0.125, 0.25, 0.9), file_of(path)).pixels[0, 0]
    assert torch.allclose(found, torch.tensor([[0.25, 0, 1], [0.5, 0, 1], [1, 0, 1]]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not tell its size"),
        ("LUT_3D_SIZE 2\n0 0 0\n", "has 8 rows, not 1"),
        ("LUT_3D_SIZE two\n", "cannot be read: 'LUT_3D_SIZE two'"),
        ("LUT_3D_SIZE 100000\n", "does not tell its size"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1\n", "cannot be read: '1 1'"),
        ("LUT_1D_SIZE 2\nDOMAIN_MAX 0 1 1\n0 0 0\n1 1 1\n", "domain"),
    ],
)
def test_what_is_no_lut(tmp_path: Path, file_of: FileOf, text: str, message: str) -> None:
    path = tmp_path / "broken.cube"
    path.write_text(text)
    with pytest.raises(NodeError, match=message):
        lut(greys(0.5), file_of(path))
    path.write_bytes(b"\xff\xfe\x00LUT")
    with pytest.raises(NodeError, match="cannot be read"):
        lut(greys(0.5), file_of(path))
