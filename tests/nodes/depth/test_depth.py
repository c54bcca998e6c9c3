"""Depth: read, shown, turned into normals, blur and moving pictures."""

import numpy as np
import pytest
import torch
from moving import psnr

from graphengine.diffusion.drawing.landscape import HORIZON
from graphengine.diffusion.drawing.relief import FOCAL, MOUNTAINS, SKY, relief
from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.scene import Landscape, Thing
from graphengine.diffusion.space.projection import points_of
from graphengine.diffusion.types.buffers import TensorCodec
from graphengine.diffusion.types.depth import Camera, CameraCodec, DepthMap
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from nodes.depth.convert import camera, from_image, normals, to_image
from nodes.depth.parallax import blur, parallax
from nodes.drawing.landscape import landscape

pytestmark = pytest.mark.torch

HOUSE = Landscape("day", "meadow", (Thing("house", 0.5, 0.34, "red"),), (0.3,), None)


def steps(near: float = 2.0, far: float = 6.0, side: int = 64) -> tuple[Image, DepthMap]:
    """A white square in front of a grey wall with black stripes."""
    pixels, values = torch.full((side, side, 3), 0.5), torch.full((side, side), far)
    pixels[:, ::8] = 0
    inside = slice(side // 4, 3 * side // 4)
    pixels[inside, inside], values[inside, inside] = 1.0, near
    return Image(pixels[None]), DepthMap(values[None])


def test_a_drawn_landscape_is_laid_out_in_space() -> None:
    depth = relief(HOUSE, 200)
    points = points_of(torch.from_numpy(depth), Camera(FOCAL, centre_y=HORIZON - 0.5)).numpy()
    assert np.allclose(points[170:, 5, 1], -1.6, atol=0.01), "the ground is level, 1.6 m below the eye"
    assert set(np.unique(depth[:20])) == {np.float32(SKY)}
    assert depth[110, 60] == np.float32(MOUNTAINS)
    house = depth[120:150, 90:110]
    assert house.min() == house.max() == pytest.approx(float(depth[156, 5]), rel=0.05), "it stands where its foot is"


def test_the_depth_belongs_to_the_picture() -> None:
    picture, depth = render(HOUSE, 128).astype(int), relief(HOUSE, 128)
    red = np.abs(picture - (214, 36, 40)).sum(-1) < 30
    assert red.sum() > 300
    assert len(np.unique(depth[red])) == 1


def test_the_node_gives_different_landscapes() -> None:
    one, other = landscape(1, 32), landscape(2, 32)
    assert one == landscape(1, 32)
    assert one.image != other.image
    assert one.depth.values.shape == one.image.pixels.shape[:3]


@pytest.mark.parametrize("scale", ["inverse", "linear"])
@pytest.mark.parametrize("white", ["near", "far"])
def test_a_picture_of_depth(scale: str, white: str) -> None:
    levels = Image(torch.linspace(0, 1, 5).reshape(1, 1, 5, 1).expand(1, 2, 5, 3))
    depth = from_image(levels, 2, 8, scale, white)  # type: ignore[arg-type]
    row = depth.values[0, 0] if white == "far" else depth.values[0, 0].flip(0)
    even = row if scale == "linear" else 1 / row
    assert (float(row[0]), float(row[-1])) == pytest.approx((2, 8))
    assert torch.allclose(even.diff(), even.diff()[0].expand(4), atol=1e-5)
    if (scale, white) == ("inverse", "near"):
        assert torch.allclose(to_image(depth).pixels, levels.pixels, atol=1e-5)
    with pytest.raises(NodeError, match="not beyond"):
        from_image(levels, 2, 2)


def test_a_camera_sees_its_angle() -> None:
    assert camera(90).focal == pytest.approx(0.5)
    assert camera(55).field_of_view == pytest.approx(55)


def test_normals_of_a_slanting_plane() -> None:
    lens, normal = Camera(0.8), torch.nn.functional.normalize(torch.tensor((0.3, 0.5, 0.8)), dim=0)
    rays = points_of(torch.ones(20, 30), lens)
    depth = DepthMap((-2.0 / (rays @ normal))[None])
    found = normals(depth, lens).pixels * 2 - 1
    assert torch.allclose(found, normal.expand(1, 20, 30, 3), atol=0.01)
    flat = normals(DepthMap(torch.full((1, 1, 1), 2.0)), lens)
    assert torch.allclose(flat.pixels, torch.tensor((0.5, 0.5, 1.0)))


def test_what_is_in_focus_stays_sharp() -> None:
    image, depth = steps()
    near, far = blur(image, depth, 2.0, 4.0), blur(image, depth, 6.0, 4.0)
    wall, square = (slice(None), slice(0, 8)), (slice(None), slice(28, 36), slice(28, 36))
    assert float(near.pixels[wall].std()) < 0.5 * float(image.pixels[wall].std())
    assert torch.allclose(far.pixels[wall], image.pixels[wall], atol=0.01)
    assert torch.allclose(near.pixels[square], image.pixels[square], atol=0.01)
    assert blur(image, depth, 2.0, 0).pixels.allclose(image.pixels, atol=1e-5)


def test_what_is_near_moves_more() -> None:
    image, depth = steps()
    frames = list(parallax(image, depth, Camera(1.0), "swing", 4, 0.05, 6.0, 1.0))
    assert len(frames) == 4
    assert psnr(frames[0], image) > 40, "the move begins where the picture was made"

    def middle(frame: Image) -> float:
        row = (frame.pixels[0, 32, :, 0] > 0.9).float()
        return float((row * torch.arange(64)).sum() / row.sum())

    shift = middle(frames[0]) - middle(frames[1])
    assert shift == pytest.approx(0.05 * 6 * (1 / 2 - 1 / 6) * 64, abs=1.2), "the eye went right, so it goes left"
    holes = frames[1].pixels[0, 20:44, 44:52]
    assert holes.isfinite().all()
    assert holes.max() < 0.95, "what comes into sight is wall"


def test_outlines_of_a_depth_that_is_a_little_narrow_move_with_their_things() -> None:
    """As seen with the true depth, when the depth of the thing reaches two pixels less far than the thing."""
    image, depth = steps()
    thing = (depth.values[0] == depth.values.min()).float()[None, None]
    narrow = -torch.nn.functional.max_pool2d(-thing, 5, 1, 2)[0, 0] > 0
    told = DepthMap(torch.where(narrow, depth.values, depth.values.max()))

    def moved(depth: DepthMap, widen: int) -> Image:
        return list(parallax(image, depth, Camera(1.0), "swing", 4, 0.05, 6.0, 1.0, widen=widen))[1]

    wanted = moved(depth, 0)
    assert psnr(moved(told, 2), wanted) > psnr(moved(told, 0), wanted) + 6


def test_sizes_must_agree() -> None:
    image, _ = steps()
    with pytest.raises(NodeError, match="64 × 64, its depth 8 × 8"):
        blur(image, DepthMap(torch.ones(1, 8, 8)))


def test_values_are_kept_as_they_are() -> None:
    depth, lens = DepthMap(torch.rand(2, 3, 4) + 1), Camera(0.7, 0.4, 0.1)
    codec = TensorCodec(DepthMap, "values")
    assert codec.decode(codec.encode(depth)) == depth
    assert CameraCodec().decode(CameraCodec().encode(lens)) == lens
    with pytest.raises(ValueError, match="above 0"):
        DepthMap(torch.zeros(1, 2, 2))
    with pytest.raises(ValueError, match="above 0"):
        Camera(0)
