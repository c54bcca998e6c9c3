"""Surfaces and points in space.

Axes are those of glTF: x to the right, y up, and the camera that made them stands at the origin and looks along -z.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from graphengine.diffusion.types.buffers import from_buffer, to_buffer
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.tensors import TensorValue, require
from graphengine.types.codec import Encoded


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Mesh(TensorValue):
    """A surface of triangles with a picture on it.

    Attributes:
        vertices: fp32 of shape [vertices, 3].
        faces: int64 of shape [faces, 3]: numbers of vertices, counterclockwise as seen from outside.
        uv: fp32 of shape [vertices, 2]: where in the texture, (0, 0) is its upper left corner.
        texture: one picture.

    Raises:
        ValueError: a shape or a type is another, or a face names a vertex that there is not.
    """

    vertices: Tensor
    faces: Tensor
    uv: Tensor
    texture: Image

    def __post_init__(self) -> None:
        require(self.vertices, "the vertices of a mesh", None, 3)
        require(self.uv, "the texture coordinates of a mesh", self.vertices.shape[0], 2)
        if self.faces.dtype != torch.int64 or self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ValueError("the faces of a mesh must be int64 of shape [faces, 3]")
        if not self.faces.shape[0] or not 0 <= self.faces.min() <= self.faces.max() < self.vertices.shape[0]:
            raise ValueError("a mesh needs faces, and these must name vertices that there are")


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class PointCloud(TensorValue):
    """Coloured points.

    Attributes:
        points: fp32 of shape [points, 3].
        colours: fp32 of shape [points, 3], sRGB values in 0..1.

    Raises:
        ValueError: a shape or a type is another.
    """

    points: Tensor
    colours: Tensor

    def __post_init__(self) -> None:
        require(self.points, "a point cloud", None, 3)
        require(self.colours, "the colours of a point cloud", *self.points.shape)


class MeshCodec:
    """Stores all tensors; the numbers of vertices as pairs of halves, for buffers hold fp32."""

    def nbytes(self, value: Mesh) -> int:
        """Return the size of all tensors."""
        return sum(each.nbytes for each in (value.vertices, value.faces, value.uv, value.texture.pixels))

    def encode(self, value: Mesh) -> Encoded:
        """Take the tensors out."""
        low, high = value.faces % _HALF, value.faces // _HALF
        tensors = (value.vertices, value.uv, value.texture.pixels, low.float(), high.float())
        shapes, buffers = zip(*map(to_buffer, tensors), strict=True)
        return Encoded({"shapes": list(shapes)}, buffers)

    def decode(self, encoded: Encoded) -> Mesh:
        """Put the tensors back."""
        vertices, uv, pixels, low, high = _tensors(encoded, 5)
        return Mesh(vertices, low.long() + high.long() * _HALF, uv, Image(pixels))


class PointCloudCodec:
    """Stores both tensors."""

    def nbytes(self, value: PointCloud) -> int:
        """Return the size of both."""
        return value.points.nbytes + value.colours.nbytes

    def encode(self, value: PointCloud) -> Encoded:
        """Take them out."""
        shapes, buffers = zip(*map(to_buffer, (value.points, value.colours)), strict=True)
        return Encoded({"shapes": list(shapes)}, buffers)

    def decode(self, encoded: Encoded) -> PointCloud:
        """Put them back."""
        return PointCloud(*_tensors(encoded, 2))


_HALF = 2**20  # fp32 is exact up to 2**24


def _tensors(encoded: Encoded, count: int) -> list[Tensor]:
    meta: Mapping[str, Any] = encoded.meta
    shapes = meta.get("shapes", ())
    if len(shapes) != count or len(encoded.buffers) != count:
        raise ValueError(f"{count} tensors were expected")
    return [from_buffer(shape, buffer) for shape, buffer in zip(shapes, encoded.buffers, strict=True)]
