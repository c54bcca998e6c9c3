"""Pictures of surfaces."""

from collections.abc import Iterator
from typing import Annotated

import torch
from pydantic import Field

from graphengine.diffusion.space.camera_moves import turned_about
from graphengine.diffusion.space.raster import View, view_of
from graphengine.diffusion.types.depth import Camera, DepthMap
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.mesh import Mesh
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Side = Annotated[int, Field(ge=1, le=8192)]


@node("mesh.turntable", category="mesh", version=2, title="Turntable")
def turntable(
    mesh: Mesh,
    frames: Annotated[int, Field(ge=1, le=10_000)] = 48,
    size: Side = 256,
    angle: Annotated[float, Field(gt=0, le=360), Slider(10, 360, 5)] = 360.0,
    elevation: Annotated[float, Field(ge=-80, le=80), Slider(-60, 60, 1)] = 10.0,
) -> Iterator[Image]:
    """Show a surface from all sides, on white.

    Inputs:
        mesh: what stands on the table; it is seen whole.
        frames: how many pictures the turn takes.
        size: side of the pictures in pixels.
        angle: 360 turns around once; less swings from one side to the other and back.
        elevation: how far from above it is seen, in degrees.
    """
    low, high = mesh.vertices.amin(0), mesh.vertices.amax(0)
    centre, radius = (low + high) / 2, float((high - low).norm()) / 2
    camera = Camera(1.4)
    height = radius * 3.2 * float(torch.sin(torch.deg2rad(torch.tensor(elevation))))
    distance = radius * 3.2 * float(torch.cos(torch.deg2rad(torch.tensor(elevation))))
    for index in range(frames):
        share = torch.tensor(2 * torch.pi * index / frames)
        turn = 360 * index / frames if angle == 360 else float(torch.sin(share)) * angle / 2
        yield _on_white(view_of(mesh, camera, size, size, pose=turned_about(centre, turn, distance, height)))


@node("mesh.depth", category="mesh", title="Depth of mesh")
def depth(mesh: Mesh, camera: Camera, width: Side = 256, height: Side = 256) -> DepthMap:
    """Measure how far a surface is, as a camera at the origin sees it.

    Inputs:
        mesh: the surface.
        camera: what sees it.
        width, height: of the depth map in pixels.

    Outputs:
        depth: where nothing is, the furthest distance that there is.

    Errors: the camera sees nothing of it.
    """
    found = view_of(mesh, camera, height, width).depth
    seen = found.isfinite()
    if not seen.any():
        raise NodeError("the camera sees nothing of the mesh", hint="It looks along -z from the origin.")
    return DepthMap(torch.where(seen, found, found[seen].max())[None].contiguous())


def _on_white(view: View) -> Image:
    pixels = view.pixels
    if pixels.shape[-1] == 4:
        pixels = pixels[..., :3] * pixels[..., 3:] + (1 - pixels[..., 3:])
    return Image(torch.where(view.depth.isfinite()[..., None], pixels, 1.0)[None].clamp(0, 1).contiguous())
