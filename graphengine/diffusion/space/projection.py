"""Between pixels with depth and points in space."""

import torch
from torch import Tensor

from graphengine.diffusion.types.depth import Camera, DepthMap
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError


def require_same_size(image: Image, depth: DepthMap) -> None:
    """Check that each pixel of a picture has a depth.

    Raises:
        NodeError: the sizes differ.
    """
    if (image.height, image.width) != (depth.height, depth.width):
        raise NodeError(
            f"the picture is {image.width} × {image.height}, its depth {depth.width} × {depth.height}",
            hint="Resize the picture, or make the depth from this very picture.",
        )


def points_of(depth: Tensor, camera: Camera) -> Tensor:
    """Return where in space the middle of each pixel lies.

    Args:
        depth: [height, width], distances along the axis.

    Returns:
        [height, width, 3]; x to the right, y up, looking along -z.
    """
    height, width = depth.shape
    x = (torch.arange(width) + 0.5) / width - camera.centre_x
    y = (torch.arange(height) + 0.5 - height / 2) / width - camera.centre_y
    return torch.stack((x[None] * depth / camera.focal, -y[:, None] * depth / camera.focal, -depth), dim=-1)


def pixels_of(points: Tensor, camera: Camera, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return where points are seen in a picture, and how far they are along the axis.

    Args:
        points: [points, 3], in the space of the camera.

    Returns:
        places [points, 2] in pixels, x to the right and y down, the middle of the first pixel at (0.5, 0.5); and
        distances [points], below 0 for what is behind the camera.
    """
    away = -points[:, 2]
    scale = camera.focal * width / away
    x = points[:, 0] * scale + camera.centre_x * width
    y = -points[:, 1] * scale + camera.centre_y * width + height / 2
    return torch.stack((x, y), dim=-1), away


def normals_of(depth: DepthMap, camera: Camera) -> Tensor:
    """Return which way the surface at each pixel faces: unit vectors [batch, height, width, 3], towards the camera.

    Differences are taken to the nearer in depth of the two neighbours on each axis, so that edges do not bend.
    """
    found = []
    for values in depth.values:
        points = points_of(values, camera)
        right, down = _slope(points, values, 1), _slope(points, values, 0)
        found.append(torch.nn.functional.normalize(torch.cross(down, right, dim=-1), dim=-1))
    return torch.stack(found)


def _slope(points: Tensor, depth: Tensor, axis: int) -> Tensor:
    """Return the difference to the neighbour along an axis, the one that is nearer in depth."""
    last = points.shape[axis] - 1
    if last == 0:
        step = torch.zeros_like(points)
        step[..., 0 if axis == 1 else 1] = 1.0 if axis == 1 else -1.0
        return step
    ahead, behind = points.diff(dim=axis), depth.diff(dim=axis).abs()
    first, end = ahead.narrow(axis, 0, 1), ahead.narrow(axis, last - 1, 1)
    forward, backward = torch.cat((ahead, end), axis), torch.cat((first, ahead), axis)
    far = torch.full_like(behind.narrow(axis, 0, 1), torch.inf)
    nearer = torch.cat((behind, far), axis) <= torch.cat((far, behind), axis)
    return torch.where(nearer[..., None], forward, backward)
