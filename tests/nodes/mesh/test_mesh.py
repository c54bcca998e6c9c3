"""Surfaces from depth: closed where they should be, torn where depth jumps, and as deep as the depth was."""

import io
import json
from typing import Any

import numpy as np
import pytest
import torch
import trimesh

from graphengine.diffusion.types.depth import Camera, DepthMap
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.mesh import Mesh, MeshCodec, PointCloud, PointCloudCodec
from graphengine.errors import NodeError
from graphengine.files.carried import carried_texts
from graphengine.files.compare import compare
from graphengine.files.origin import WORKFLOW
from graphengine.run.context import TaskContext
from graphengine.types.builtin import Seed
from nodes.drawing.landscape import landscape
from nodes.mesh.from_depth import from_depth, points
from nodes.mesh.render import depth as depth_of
from nodes.mesh.render import turntable
from nodes.mesh.save import save, save_points

pytestmark = pytest.mark.torch

LENS = Camera(1.0)


def hills(side: int = 40) -> tuple[Image, DepthMap]:
    coarse = 2 + torch.rand(1, 1, 5, 5)
    values = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic", align_corners=True)[0]
    return Image(torch.rand(1, side, side, 3)), DepthMap(values)


def loaded(content: bytes, kind: str) -> Any:
    return trimesh.load(io.BytesIO(content), file_type=kind, force="mesh", process=False)


def test_the_surface_is_as_deep_as_the_depth() -> None:
    image, depth = hills()
    found = depth_of(from_depth(image, depth, LENS, edge=0), LENS, 40, 40)
    assert float((found.values - depth.values).abs().max()) < 0.01
    larger = depth_of(from_depth(image, depth, LENS, edge=0), LENS, 80, 80).values[0, 1:-1, 1:-1]
    small = larger.unfold(0, 2, 2).unfold(1, 2, 2)
    assert small.shape[0] == 39


def test_a_solid_is_watertight_and_faces_outwards(context: TaskContext) -> None:
    image, depth = hills()
    file = save(from_depth(image, depth, LENS, solid=True), context=context).file
    body = loaded(file.path.read_bytes(), "glb")
    assert body.is_watertight
    assert body.is_winding_consistent
    assert body.volume > 0
    assert not loaded(save(from_depth(image, depth, LENS), context=context).file.path.read_bytes(), "glb").is_watertight


@pytest.mark.parametrize("format_", ["glb", "ply", "obj"])
def test_a_file_says_where_it_comes_from(context: TaskContext, format_: Any) -> None:
    surface = from_depth(*hills(8), LENS)
    file = save(surface, format_, context=context).file
    assert json.loads(carried_texts(file.path)[WORKFLOW]) == context.run.workflow
    body = loaded(file.path.read_bytes(), format_)
    assert len(body.faces) == len(surface.faces)
    plain = save(surface, format_, embed_workflow=False, context=context).file
    assert b"graphengine.workflow" not in plain.path.read_bytes()
    assert compare(file.path, plain.path).same
    if format_ != "obj":
        cloud = points(*hills(8), LENS)
        file, plain = (save_points(cloud, format_, embed_workflow=told, context=context) for told in (True, False))
        assert json.loads(carried_texts(file.path)[WORKFLOW]) == context.run.workflow
        assert carried_texts(plain.path) == {}


def test_a_glb_has_the_picture_on_it(context: TaskContext) -> None:
    pixels = torch.zeros(1, 8, 8, 3)
    pixels[:, :4, :, 0], pixels[:, 4:, :, 2] = 1.0, 1.0
    file = save(from_depth(Image(pixels), DepthMap(torch.full((1, 8, 8), 2.0)), LENS), context=context).file
    body = loaded(file.path.read_bytes(), "glb")
    assert body.vertices[:, 2] == pytest.approx(-2.0)
    colours = body.visual.to_color().vertex_colors[:, :3]
    upper, lower = colours[body.vertices[:, 1] > 0.2], colours[body.vertices[:, 1] < -0.2]
    assert (upper.mean(0).round().tolist(), lower.mean(0).round().tolist()) == ([255, 0, 0], [0, 0, 255])


@pytest.mark.parametrize("format_", ["ply", "obj"])
def test_other_formats_have_coloured_vertices(format_: str, context: TaskContext) -> None:
    image, depth = hills(12)
    file = save(from_depth(image, depth, LENS, edge=0), format_, context=context).file  # type: ignore[arg-type]
    body = loaded(file.path.read_bytes(), format_)
    assert body.vertices.shape == (144, 3)
    assert np.allclose(body.visual.vertex_colors[:, :3] / 255, image.pixels.reshape(-1, 3), atol=0.01)


def test_depth_jumps_are_torn_and_filled_behind() -> None:
    pixels, values = torch.full((1, 32, 32, 3), 0.5), torch.full((1, 32, 32), 6.0)
    pixels[:, 8:24, 8:24], values[:, 8:24, 8:24] = 1.0, 2.0
    image, depth = Image(pixels), DepthMap(values)
    whole, torn = (from_depth(image, depth, LENS, edge) for edge in (0, 0.2))
    assert whole.faces.shape[0] == 2 * 31 * 31
    assert torn.faces.shape[0] < whole.faces.shape[0] - 100
    corners = torn.vertices[torn.faces][..., 2]
    assert float((corners.amax(-1) / corners.amin(-1)).min()) > 1 / 1.2
    filled = from_depth(image, depth, LENS, 0.2, fill=4)
    behind = filled.vertices[torn.vertices.shape[0] :]
    hidden = (behind[:, 2] < -5) & (behind[:, 0].abs() < 1.5) & (behind[:, 1].abs() < 1.5)
    assert hidden.sum() > 50, "the wall goes on behind the square"


def test_the_turntable_shows_all_of_it_from_several_sides() -> None:
    scene = landscape(3, 64)
    frames = list(turntable(from_depth(scene.image, scene.depth, scene.camera, furthest=15), 3, 96))
    for frame in frames:
        rim = torch.cat((frame.pixels[0, 0], frame.pixels[0, -1], frame.pixels[0, :, 0], frame.pixels[0, :, -1]))
        assert rim.min() == 1.0, "nothing is cut off"
        assert (frame.pixels < 0.9).any(-1).float().mean() > 0.02
    assert not torch.equal(frames[0].pixels, frames[1].pixels)


def test_what_is_drawn_by_several_threads_is_always_the_same() -> None:
    """Of two triangles that share an edge, the same one has its pixels each time."""
    image, depth, camera = landscape(Seed(4), 256)
    mesh = from_depth(image, depth, camera)
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        shown = [next(iter(turntable(mesh, frames=3, size=256, angle=40.0))).pixels for _ in range(6)]
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(each, shown[0]) for each in shown)


def test_points(context: TaskContext) -> None:
    image, depth = hills(10)
    cloud = points(image, depth, LENS)
    assert torch.equal(-cloud.points[:, 2].reshape(1, 10, 10), depth.values)
    read: Any = trimesh.load(save_points(cloud, context=context).path)
    assert np.allclose(read.vertices, cloud.points, atol=1e-5)
    assert np.allclose(np.asarray(read.colors)[:, :3] / 255, cloud.colours, atol=0.01)


def test_values_are_kept_as_they_are_and_wrong_ones_refused() -> None:
    mesh = from_depth(*hills(6), LENS)
    assert MeshCodec().decode(MeshCodec().encode(mesh)) == mesh
    cloud = PointCloud(torch.rand(3, 3), torch.rand(3, 3))
    assert PointCloudCodec().decode(PointCloudCodec().encode(cloud)) == cloud
    with pytest.raises(ValueError, match="name vertices"):
        Mesh(mesh.vertices, mesh.faces + 1, mesh.uv, mesh.texture)
    image, _ = hills(4)
    with pytest.raises(NodeError, match="no two pixels"):
        from_depth(image, DepthMap(2.0 ** torch.randperm(16).reshape(1, 4, 4).float()), LENS, edge=0.01)
    with pytest.raises(NodeError, match="sees nothing"):
        depth_of(Mesh(-mesh.vertices, mesh.faces, mesh.uv, mesh.texture), LENS, 8, 8)
