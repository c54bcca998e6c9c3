"""From a picture with depth to a surface."""

import torch
from torch import Tensor

from graphengine.diffusion.space.projection import points_of
from graphengine.diffusion.types.depth import Camera
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.mesh import Mesh


def surface_of(
    pixels: Tensor, depth: Tensor, camera: Camera, *, edge: float | None, where: Tensor | None = None
) -> Mesh:
    """Make a vertex of each pixel and two triangles of each four neighbours, facing the camera.

    Args:
        pixels: [height, width, 3 or 4], the texture.
        depth: [height, width].
        edge: neighbours whose distances have a larger ratio than 1 + edge are not joined; None joins all.
        where: [height, width], which pixels take part; all if None.

    Raises:
        ValueError: no triangle remains.
    """
    height, width = depth.shape
    numbers = torch.arange(height * width).reshape(height, width)
    upper_left, upper_right = numbers[:-1, :-1].reshape(-1), numbers[:-1, 1:].reshape(-1)
    lower_left, lower_right = numbers[1:, :-1].reshape(-1), numbers[1:, 1:].reshape(-1)
    faces = torch.cat(
        (
            torch.stack((upper_left, lower_left, upper_right), -1),
            torch.stack((upper_right, lower_left, lower_right), -1),
        )
    )
    if edge is not None:
        corners = depth.reshape(-1)[faces]
        faces = faces[corners.amax(-1) <= corners.amin(-1) * (1 + edge)]
    if where is not None:
        faces = faces[where.reshape(-1)[faces].all(-1)]
    return _compact(points_of(depth, camera).reshape(-1, 3), faces, _uv(height, width), Image(pixels[None]))


def solid_of(pixels: Tensor, depth: Tensor, camera: Camera, *, back: float) -> Mesh:
    """Make a closed body: the whole surface, a flat back behind its furthest point, and walls around.

    Args:
        back: how far behind the furthest point the back lies, as a part of the furthest distance; above 0.
    """
    height, width = depth.shape
    front = surface_of(pixels, depth, camera, edge=None)
    behind = points_of(torch.full_like(depth, float(depth.max()) * (1 + back)), camera).reshape(-1, 3)
    count = height * width
    numbers = torch.arange(count).reshape(height, width)
    rim = torch.cat((numbers[0, :-1], numbers[:-1, -1], numbers[-1].flip(0)[:-1], numbers[:, 0].flip(0)[:-1]))
    following = rim.roll(-1)
    walls = torch.cat(
        (
            torch.stack((rim, following, rim + count), -1),
            torch.stack((following, following + count, rim + count), -1),
        )
    )
    faces = torch.cat((front.faces, front.faces.flip(-1) + count, walls))
    return Mesh(torch.cat((front.vertices, behind)), faces, front.uv.repeat(2, 1), front.texture)


def _uv(height: int, width: int) -> Tensor:
    v, u = torch.meshgrid((torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / width, indexing="ij")
    return torch.stack((u, v), -1).reshape(-1, 2)


def _compact(vertices: Tensor, faces: Tensor, uv: Tensor, texture: Image) -> Mesh:
    """Leave out vertices that no face names."""
    used, renumbered = torch.unique(faces, return_inverse=True)
    return Mesh(vertices[used].contiguous(), renumbered.contiguous(), uv[used].contiguous(), texture)
