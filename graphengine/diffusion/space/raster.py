"""Surfaces to pictures: a z-buffer on the CPU, for surfaces of many small triangles."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from graphengine.diffusion.space.projection import pixels_of
from graphengine.diffusion.types.depth import Camera
from graphengine.diffusion.types.mesh import Mesh

_AT_ONCE = 2**21  # pixels of triangles' boxes that are looked at together
_SLACK = 1e-4  # by which a place may lie outside, so that rounding leaves no gap between neighbours
_NEAR = 1e-4  # what is nearer, or behind the camera, is not drawn


@dataclass(frozen=True, slots=True)
class View:
    """What a camera sees.

    Attributes:
        pixels: [height, width, channels of the texture]; 0 where nothing is.
        depth: [height, width], the distance along the axis; infinite where nothing is.
    """

    pixels: Tensor
    depth: Tensor


def view_of(mesh: Mesh, camera: Camera, height: int, width: int, *, pose: Tensor | None = None) -> View:
    """Draw a surface, both its sides, without light, with its texture read between pixels bilinearly.

    Args:
        pose: [3, 4], from the space of the surface to that of the camera; none if None.
    """
    points = mesh.vertices if pose is None else mesh.vertices @ pose[:, :3].T + pose[:, 3]
    places, away = pixels_of(points, camera, height, width)
    faces = mesh.faces[(away[mesh.faces] > _NEAR).all(-1)]
    depth, owner, weights = _nearest(places[faces], away[faces], height, width)
    seen = owner >= 0
    corners = mesh.uv[faces[owner[seen]]]
    uv = (corners * weights[seen][..., None]).sum(1)
    texture = mesh.texture.pixels.permute(0, 3, 1, 2)
    colours = functional.grid_sample(
        texture, (uv * 2 - 1)[None, None], mode="bilinear", padding_mode="border", align_corners=False
    )
    pixels = torch.zeros(height * width, texture.shape[1])
    pixels[seen] = colours[0, :, 0].T
    return View(pixels.reshape(height, width, -1), depth.reshape(height, width))


def _nearest(corners: Tensor, away: Tensor, height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return for each pixel the distance and number of the nearest triangle, and the weights of its corners."""
    depth = torch.full((height * width,), torch.inf)
    owner = torch.full((height * width,), -1)
    weights = torch.zeros(height * width, 3)
    size = torch.tensor([width, height])
    low = corners.amin(1).sub(0.5 + _SLACK).ceil().long().clamp_min(0)
    high = torch.minimum(corners.amax(1).sub(0.5 - _SLACK).floor().long(), size - 1)
    span = (high - low + 1).clamp_min(0)
    side = span.amax(-1)
    visible = span.amin(-1) > 0
    reach = 1
    while bool((visible & (side > reach // 2)).any()):
        chosen = (visible & (side <= reach) & (side > reach // 2)).nonzero()[:, 0]
        for some in torch.split(chosen, max(1, _AT_ONCE // reach**2)):
            _draw(some, reach, corners, away, low, (height, width), (depth, owner, weights))
        reach *= 2
    return depth, owner, weights


def _draw(
    some: Tensor,
    reach: int,
    corners: Tensor,
    away: Tensor,
    low: Tensor,
    size: tuple[int, int],
    buffers: tuple[Tensor, Tensor, Tensor],
) -> None:
    """Draw triangles whose boxes are at most ``reach`` pixels wide and high into the buffers."""
    height, width = size
    depth, owner, weights = buffers
    offsets = torch.cartesian_prod(torch.arange(reach), torch.arange(reach)).flip(-1)
    pixel = low[some][:, None] + offsets
    inside, share = _shares(corners[some], pixel + 0.5)
    inside &= (pixel[..., 0] < width) & (pixel[..., 1] < height)
    which, place = inside.nonzero(as_tuple=True)
    flat = share[which, place] / away[some[which]]
    distance = 1 / flat.sum(-1)
    target = (pixel[which, place, 1] * width + pixel[which, place, 0]).long()
    depth.scatter_reduce_(0, target, distance, "amin")
    won = distance == depth[target]
    drawn, numbers, shares = target[won], some[which[won]], flat[won] * distance[won, None]
    owner[drawn] = len(corners)
    owner.scatter_reduce_(0, drawn, numbers, "amin")  # of triangles as near, on an edge of both, the first, always
    first = numbers == owner[drawn]
    weights[drawn[first]] = shares[first]


def _shares(corners: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
    """Return which places [triangles, places, 2] lie in their triangles, and their barycentric coordinates."""
    a, b, c = (corners[:, None, index] for index in range(3))
    whole = _area(a, b, c)
    parts = torch.stack((_area(at, b, c), _area(a, at, c), _area(a, b, at)), -1) / whole[..., None]
    return (parts >= -_SLACK).all(-1) & (whole != 0), parts


def _area(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
