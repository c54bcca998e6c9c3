"""Local contrast, and the colour of light."""

from typing import Annotated, Literal

import cv2
import numpy as np
import torch
from pydantic import Field

from graphengine.diffusion.colour import from_lab, from_linear, recoloured, to_lab, to_linear
from graphengine.diffusion.masks import each_mask
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Method = Literal["shades_of_grey", "grey_world", "white_patch"]

_NORMS: dict[Method, float] = {"grey_world": 1.0, "shades_of_grey": 6.0}


@node("enhance.clahe", category="image/enhance", title="Local contrast (CLAHE)")
def clahe(
    image: Image,
    clip: Annotated[float, Field(ge=1, le=40), Slider(1, 8)] = 2.0,
    tiles: Annotated[int, Field(ge=1, le=64), Slider(2, 16, 1)] = 8,
) -> Image:
    """Even out the lightness of each part of a picture, so that details show in shadows and lights.

    Colours keep their hue: only the lightness of CIE L*a*b* is changed.

    Inputs:
        clip: how much contrast may grow at most; 1 changes least.
        tiles: into how many parts each side is cut.

    Source: contrast-limited adaptive histogram equalisation, Zuiderveld (1994), by OpenCV.
    """
    lab = to_lab(image.pixels[..., :3])
    equaliser = cv2.createCLAHE(clip, (tiles, tiles))

    def change(lightness: np.ndarray) -> np.ndarray:
        levels = lightness * 2.55
        whole = levels.round().clip(0, 255)
        equal: np.ndarray = np.asarray(equaliser.apply(whole.astype(np.uint8)), np.float32)
        rest: np.ndarray = levels - whole  # what 8 bits cannot hold is kept beside
        return np.asarray(equal + rest)

    lightness = (each_mask(lab[..., 0].contiguous(), change) / 2.55).clamp(0, 100)
    return recoloured(image, from_lab(torch.cat((lightness.unsqueeze(-1), lab[..., 1:]), dim=-1)))


@node("enhance.white_balance", category="image/enhance")
def white_balance(
    image: Image,
    method: Method = "shades_of_grey",
    strength: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 1.0,
) -> Image:
    """Take the cast of coloured light away, each picture for itself.

    Inputs:
        method: how the light is guessed: ``grey_world`` takes the mean of all colours for grey, ``white_patch`` the
            brightest for white, ``shades_of_grey`` is between them and often best.
        strength: 0 changes nothing, 1 takes all of the cast away.

    Source: Finlayson & Trezzi, Shades of Gray and Colour Constancy (2004); gains after von Kries (1902) in linear
    light.
    """
    light = to_linear(image.pixels[..., :3])
    flat = light.flatten(1, 2)
    if method == "white_patch":
        found = torch.from_numpy(np.quantile(flat.numpy(), 0.99, axis=1).astype(np.float32))
    else:
        found = flat.pow(_NORMS[method]).mean(1).pow(1 / _NORMS[method])
    gains = (found.mean(-1, keepdim=True) / found.clamp_min(1e-4)) ** strength
    return recoloured(image, from_linear(light * gains[:, None, None]))
