"""Mending pictures without a model."""

from functools import partial
from typing import Annotated, Literal

import cv2
import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from graphengine.diffusion.colour import luma
from graphengine.diffusion.masks import each_mask, grown, require_fit
from graphengine.diffusion.seams import filled
from graphengine.diffusion.types.image import Image, Mask
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Method = Literal["telea", "navier_stokes", "smooth", "grey"]

_DEPTH = 65535
_FLAGS = {"telea": cv2.INPAINT_TELEA, "navier_stokes": cv2.INPAINT_NS}


@node("inpaint.fill", category="inpaint", title="Fill masked")
def fill(
    image: Image,
    mask: Mask,
    method: Method = "telea",
    radius: Annotated[float, Field(ge=1, le=100), Slider(1, 20)] = 4.0,
) -> Image:
    """Replace what a mask marks by what surrounds it, without a model.

    Scratches and dust are mended so; larger parts get a start for sampling.

    Inputs:
        mask: what is above 0 is replaced; all other pixels stay, to the bit.
        method: ``telea`` and ``navier_stokes`` continue edges into thin marks; ``smooth`` continues colours softly
            into parts of any size; ``grey`` is the middle of all colours, for models that shall see nothing there.
        radius: how far ``telea`` and ``navier_stokes`` look around, in pixels.

    Errors: the mask does not fit the picture.

    Source: Telea (2004) and Bertalmio et al. (2001), by OpenCV; Gortler et al. (1996).
    """
    require_fit(mask, image)
    hole = mask.values.expand(image.batch, -1, -1) > 0
    colours = image.pixels[..., :3]
    if method == "smooth":
        mended = filled(colours, hole.float())
    elif method == "grey":
        mended = torch.full_like(colours, 0.5)
    else:
        mended = _mended(colours, hole, radius, _FLAGS[method])
    kept = torch.where(hole.unsqueeze(-1), mended.clamp(0, 1), colours)
    return Image(torch.cat((kept, image.pixels[..., 3:]), dim=-1))


@node("inpaint.find_scratches", category="inpaint", title="Find scratches")
def find_scratches(
    image: Image,
    width: Annotated[int, Field(ge=1, le=64), Slider(1, 16, 1)] = 4,
    contrast: Annotated[float, Field(gt=0, le=1), Slider(0.02, 0.5)] = 0.15,
    kind: Literal["bright", "dark", "both"] = "both",
    grow: Annotated[int, Field(ge=0, le=64), Slider(0, 8, 1)] = 1,
) -> Mask:
    """Mark what is thin and differs from what surrounds it: scratches, hairs and dust.

    Thin things that belong to the picture are marked too: look at the mask, and combine it with a painted one.

    Inputs:
        width: how wide they are at most, in pixels.
        contrast: by how much their brightness (luma, 0 to 1) differs at least.
        kind: whether they are brighter than what surrounds them, darker, or either.
        grow: by how many pixels the mask grows, to take in their soft edges.

    Source: the top-hat transform, Meyer (1979), by OpenCV.
    """
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * (width // 2) + 3, 2 * (width // 2) + 3))
    brightness = luma(image.pixels)
    found = torch.zeros_like(brightness)
    for name, operation in (("bright", cv2.MORPH_TOPHAT), ("dark", cv2.MORPH_BLACKHAT)):
        if kind in {name, "both"}:
            found = found.maximum(each_mask(brightness, partial(cv2.morphologyEx, op=operation, kernel=disk)))
    return Mask(grown((found > contrast).float(), grow))


def _mended(colours: Tensor, hole: Tensor, radius: float, flags: int) -> Tensor:
    """Fill each channel of each picture by OpenCV, with 16 bits: in floating point its Telea goes astray."""
    levels = (colours.clamp(0, 1) * _DEPTH).round().numpy().astype(np.uint16)
    pictures = []
    for picture, marks in zip(levels, hole.numpy().astype(np.uint8), strict=True):
        channels = [cv2.inpaint(np.ascontiguousarray(picture[..., i]), marks, radius, flags) for i in range(3)]
        pictures.append(np.stack(channels, axis=-1))
    return torch.from_numpy(np.stack(pictures).astype(np.float32) / _DEPTH)
