"""Masks: drawn, read from pictures, moved, made soft and combined."""

import math
from typing import Any

import pytest
import torch

from graphengine.diffusion.colour import from_lab, parse_colour, to_lab
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from nodes.mask.combine import combine
from nodes.mask.edge import feather, grow
from nodes.mask.from_image import from_channel, from_colour, from_luminance
from nodes.mask.levels import fill_holes, threshold
from nodes.mask.shape import gradient, shape
from nodes.mask.size import bounds, resize
from nodes.mask.to_image import to_image

pytestmark = pytest.mark.torch


def point(side: int = 61) -> Mask:
    values = torch.zeros(1, side, side)
    values[0, side // 2, side // 2] = 1
    return Mask(values)


def distances(side: int = 61) -> torch.Tensor:
    places = torch.arange(side) - side // 2
    return torch.hypot(*torch.meshgrid(places.float(), places.float(), indexing="ij"))


@pytest.mark.parametrize(("distance", "error"), [(1, 0.0), (5, 0.0), (8, 0.0), (24, 1.5)])
def test_a_point_grows_to_a_disk_and_shrinks_back(distance: int, error: float) -> None:
    disk = grow(point(), distance)
    away = distances()
    assert disk.values[0][away <= distance - error].eq(1).all()
    assert disk.values[0][away > distance + error].eq(0).all()
    assert grow(disk, -distance - 1).values.sum() == 0
    assert grow(disk, -distance).values[0, 30, 30] == 1


def test_soft_masks_grow_softly_and_nothing_grows_by_nothing() -> None:
    soft = gradient(9, 3)
    assert torch.allclose(grow(soft, 2).values[0, 1, :-2], soft.values[0, 1, 2:])
    assert grow(soft, 0) == soft


def test_feather() -> None:
    square = shape(40, 40, x=10, y=10, across=20, down=20)
    both, inside, outside = (feather(square, 3.0, side) for side in ("both", "inside", "outside"))
    assert both.values[0, 20, 9] + both.values[0, 20, 10] == pytest.approx(1, abs=0.01)
    assert inside.values[square.values == 0].eq(0).all()
    assert inside.values[0, 20, 20] == pytest.approx(1, abs=0.01)
    assert 0 < inside.values[0, 20, 11] < 1
    assert outside.values[square.values == 1].eq(1).all()
    assert 0 < outside.values[0, 20, 8] < 1
    assert feather(square, 0.0) == square


def test_threshold() -> None:
    ramp = gradient(10, 1)
    assert threshold(ramp, 0.5).values[0, 0].tolist() == [0] * 5 + [1] * 5
    soft = threshold(ramp, 0.5, 0.4).values[0, 0]
    assert soft[2] == 0
    assert soft[5] == pytest.approx(0.625)
    assert soft[8] == 1


def test_holes_are_filled_and_the_rest_stays() -> None:
    ring = combine(
        shape(30, 30, x=5, y=5, across=20, down=20), shape(30, 30, x=10, y=10, across=9, down=9), "difference"
    )
    assert fill_holes(ring) == shape(30, 30, x=5, y=5, across=20, down=20)
    soft = gradient(8, 8)
    assert fill_holes(soft) == soft


def test_combinations() -> None:
    a, b = Mask(torch.tensor([[[0.0, 0.0, 1.0, 1.0, 0.25]]])), Mask(torch.tensor([[[0.0, 1.0, 0.0, 1.0, 0.5]]]))
    found = {each: combine(a, b, each).values[0, 0].tolist() for each in ("union", "intersection", "difference")}
    assert found == {"union": [0, 1, 1, 1, 0.5], "intersection": [0, 0, 0, 1, 0.25], "difference": [0, 0, 1, 0, 0.25]}
    assert combine(a, b, "symmetric_difference").values[0, 0].tolist() == [0, 1, 1, 0, 0.5]
    assert combine(a, Mask(torch.rand(3, 1, 5))).values.shape == (3, 1, 5)
    with pytest.raises(NodeError, match="do not fit"):
        combine(a, Mask(torch.rand(1, 1, 4)))
    with pytest.raises(NodeError, match="do not fit"):
        combine(Mask(torch.rand(2, 1, 5)), Mask(torch.rand(3, 1, 5)))


def test_from_colour_finds_a_green_screen() -> None:
    pixels = torch.tensor([[0.0, 1.0, 0.0], [0.05, 0.95, 0.05], [0.9, 0.2, 0.1]])[None, None]
    assert from_colour(Image(pixels), "#00ff00", 20.0, 0.0).values[0, 0].tolist() == [1, 1, 0]
    assert from_colour(Image(pixels), "lime", 0.0, 0.0).values[0, 0].tolist() == [1, 0, 0]
    with pytest.raises(NodeError, match="'grün' is no colour"):
        from_colour(Image(pixels), "grün")


def test_lab_is_that_of_the_books() -> None:
    """Figures from B. Lindbloom's calculator, for the white D65."""
    known = {"#ff0000": (53.24, 80.09, 67.20), "#0000ff": (32.30, 79.19, -107.86), "#ffffff": (100.0, 0.0, 0.0)}
    for colour, lab in known.items():
        assert torch.allclose(to_lab(parse_colour(colour)), torch.tensor(lab), atol=0.02)
    colours = torch.rand(500, 3)
    assert torch.allclose(from_lab(to_lab(colours)), colours, atol=1e-4)


def test_from_luminance() -> None:
    greys = Image(torch.linspace(0, 1, 11)[None, None, :, None].repeat(1, 1, 1, 3))
    assert from_luminance(greys, 0.45, 0.75).values[0, 0].tolist() == [0] * 5 + [1] * 3 + [0] * 3
    soft = from_luminance(greys, 0.5, 1.0, 0.2).values[0, 0]
    assert soft[3:6].tolist() == pytest.approx([0, 0.5, 1], abs=1e-5)


def test_from_channel_and_to_image() -> None:
    image = Image(torch.rand(2, 3, 4, 4))
    assert torch.equal(from_channel(image, "blue").values, image.pixels[..., 2])
    assert torch.equal(from_channel(image).values, image.pixels[..., 3])
    assert from_channel(Image(torch.rand(1, 2, 2, 3))).values.eq(1).all()
    assert from_channel(to_image(from_channel(image)), "green") == from_channel(image)


@pytest.mark.parametrize(("kind", "area"), [("rectangle", 21.5 * 30), ("ellipse", math.pi * 21.5 * 30 / 4)])
def test_shapes_have_their_area_and_place(kind: Any, area: float) -> None:
    mask = shape(64, 48, kind, x=20.25, y=8.0, across=21.5, down=30.0)
    assert mask.values.sum() == pytest.approx(area, rel=0.01)
    weights = mask.values[0] / mask.values.sum()
    assert (weights.sum(0) @ (torch.arange(64) + 0.5)).item() == pytest.approx(31, abs=0.05)
    assert (weights.sum(1) @ (torch.arange(48) + 0.5)).item() == pytest.approx(23, abs=0.05)


def test_gradients_go_where_they_are_sent() -> None:
    line = gradient(4, 2, "right", 0.25, 0.75).values[0]
    assert line[0].tolist() == [0, 0.25, 0.75, 1]
    assert torch.equal(gradient(4, 2, "left", 0.25, 0.75).values[0], line.flip(1))
    assert torch.equal(gradient(2, 4, "down", 0.25, 0.75).values[0], line.T)
    assert torch.equal(gradient(2, 4, "up", 0.25, 0.75).values[0], line.T.flip(0))


def test_sizes() -> None:
    mask = shape(64, 48, x=16, y=8, across=20, down=30)
    half = resize(mask, 32, 24)
    assert half.values.sum().item() == pytest.approx(mask.values.sum().item() / 4, rel=0.01)
    assert resize(mask, 64, 48) == mask
    assert bounds(mask) == (16, 8, 20, 30)
    assert bounds(Mask(torch.zeros(1, 4, 4))) == (0, 0, 0, 0)
