"""How far away things are, and the camera that saw them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from torch import Tensor

from graphengine.diffusion.types.tensors import TensorValue, require
from graphengine.types.codec import Encoded


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class DepthMap(TensorValue):
    """The distance of what each pixel shows.

    Attributes:
        values: fp32 of shape [batch, height, width]: the distance from the camera along the way it looks, above 0, in
            the unit of the scene (metres, where the source knows).

    Raises:
        ValueError: the shape or the type is another, or a distance is not finite and above 0.
    """

    values: Tensor

    def __post_init__(self) -> None:
        require(self.values, "a depth map", None, None, None)
        if not (self.values.isfinite().all() and self.values.min() > 0):
            raise ValueError("distances must be finite and above 0")

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.values.shape[1]

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.values.shape[2]


@dataclass(frozen=True, slots=True)
class Camera:
    """The intrinsics of a pinhole camera, in parts of the picture's width, so that they hold at any size.

    Attributes:
        focal: the focal length, in widths of the picture.
        centre_x: where the axis meets the picture, in widths from its left edge.
        centre_y: the same from its middle line down, in widths.

    Raises:
        ValueError: the focal length is not above 0.
    """

    focal: float
    centre_x: float = 0.5
    centre_y: float = 0.0

    def __post_init__(self) -> None:
        if not self.focal > 0:
            raise ValueError(f"a focal length must be above 0, not {self.focal}")

    @property
    def field_of_view(self) -> float:
        """The horizontal angle that is seen, in degrees."""
        return math.degrees(2 * math.atan(0.5 / self.focal))


class CameraCodec:
    """Stores three numbers."""

    def nbytes(self, value: Camera) -> int:
        """Return a guess."""
        del value
        return 64

    def encode(self, value: Camera) -> Encoded:
        """Write the numbers down."""
        return Encoded({each.name: getattr(value, each.name) for each in fields(value)})

    def decode(self, encoded: Encoded) -> Camera:
        """Read them."""
        meta: Mapping[str, Any] = encoded.meta
        try:
            return Camera(**{each.name: float(meta[each.name]) for each in fields(Camera)})
        except (KeyError, TypeError) as error:
            raise ValueError(f"the description of a camera lacks {error}") from error
