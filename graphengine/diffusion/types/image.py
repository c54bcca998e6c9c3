"""Pictures and masks.

The layout of pixels is decided here, once: **batch, height, width, channels**, the order of picture files and numpy.
Only the inside of a model sees channels first; the functions that call one permute at its door.
"""

from dataclasses import dataclass

from torch import Tensor

from graphengine.diffusion.types.tensors import TensorValue, require


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Image(TensorValue):
    """A batch of pictures of one size.

    Attributes:
        pixels: fp32 of shape [batch, height, width, channels], sRGB values in 0..1; 3 channels are red, green and
            blue, a fourth is straight (not premultiplied) alpha.

    Raises:
        ValueError: the shape or the type is another.
    """

    pixels: Tensor

    def __post_init__(self) -> None:
        channels = 4 if self.pixels.ndim == 4 and self.pixels.shape[-1] == 4 else 3
        require(self.pixels, "an image", None, None, None, channels)

    @property
    def batch(self) -> int:
        """How many pictures there are."""
        return self.pixels.shape[0]

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.pixels.shape[1]

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.pixels.shape[2]

    @property
    def channels(self) -> int:
        """3 for red, green, blue; 4 with alpha."""
        return self.pixels.shape[3]


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Mask(TensorValue):
    """A batch of masks of one size.

    Attributes:
        values: fp32 of shape [batch, height, width] in 0..1; 1 is "here", 0 is "not here".

    Raises:
        ValueError: the shape or the type is another.
    """

    values: Tensor

    def __post_init__(self) -> None:
        require(self.values, "a mask", None, None, None)
