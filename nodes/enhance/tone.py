"""Which tones become which."""

from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from scipy.interpolate import PchipInterpolator
from torch import Tensor

from graphengine.diffusion.colour import recoloured
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Tone = Annotated[float, Field(ge=0, le=1), Slider(0, 1)]

_CHANNELS = {"all": slice(3), "red": slice(0, 1), "green": slice(1, 2), "blue": slice(2, 3)}


@node("enhance.levels", category="image/enhance")
def levels(
    image: Image,
    black: Tone = 0.0,
    white: Tone = 1.0,
    gamma: Annotated[float, Field(ge=0.01, le=100), Slider(0.25, 4)] = 1.0,
    darkest: Tone = 0.0,
    lightest: Tone = 1.0,
) -> Image:
    """Stretch the tones between a black and a white point over the whole range.

    Inputs:
        black, white: the tones that become the darkest and the lightest, 0 to 1.
        gamma: above 1 makes the middle tones lighter, below 1 darker.
        darkest, lightest: what comes out at the ends, 0 to 1; exchanged, they make a negative.

    Errors: the white point is not above the black point.
    """
    if white <= black:
        raise NodeError(f"the white point {white:g} is not above the black point {black:g}")
    spread = ((image.pixels[..., :3] - black) / (white - black)).clamp(0, 1).pow(1 / gamma)
    return recoloured(image, darkest + spread * (lightest - darkest))


@node("enhance.auto_levels", category="image/enhance")
def auto_levels(
    image: Image,
    clip: Annotated[float, Field(ge=0, le=20), Slider(0, 5)] = 0.5,
    each_channel: bool = False,
) -> Image:
    """Stretch the tones of each picture so that they reach from black to white.

    Inputs:
        clip: how many per cent of the pixels may become black, and how many white.
        each_channel: stretch red, green and blue each for itself, which also takes away a cast of colour.
    """
    colours = image.pixels[..., :3]
    shape = (image.batch, -1, 3) if each_channel else (image.batch, -1, 1)
    ends = np.quantile(colours.reshape(shape).numpy(), [clip / 100, 1 - clip / 100], axis=1)
    low, high = torch.from_numpy(ends.astype(np.float32)).unsqueeze(2).unsqueeze(2)
    return recoloured(image, (colours - low) / (high - low).clamp_min(1e-3))


@node("enhance.curves", category="image/enhance")
def curves(
    image: Image,
    points: str = "0,0 0.25,0.2 0.75,0.8 1,1",
    channel: Literal["all", "red", "green", "blue"] = "all",
) -> Image:
    """Change tones by a curve through points; the default is a gentle S, which adds contrast.

    Inputs:
        points: pairs of tones in and out, 0 to 1, such as ``0,0 0.5,0.6 1,1``; beyond the ends the curve is level.
        channel: which colours it changes.

    Errors: the points cannot be read, are fewer than two, or two have one tone in.

    Source: monotone cubic interpolation, Fritsch & Butland (1984), by SciPy: it never overshoots.
    """
    tones = _parsed(points)
    curve = PchipInterpolator(tones[:, 0], tones[:, 1])
    colours = image.pixels[..., :3].clone()
    part = colours[..., _CHANNELS[channel]]
    bent = curve(part.clamp(float(tones[0, 0]), float(tones[-1, 0])).numpy()).astype(np.float32)
    colours[..., _CHANNELS[channel]] = torch.from_numpy(bent)
    return recoloured(image, colours)


def _parsed(points: str) -> Tensor:
    try:
        pairs = sorted(tuple(float(each) for each in pair.split(",")) for pair in points.split())
        tones = torch.tensor(pairs, dtype=torch.float64)
    except ValueError:
        tones = torch.empty(0)
    if tones.ndim != 2 or tones.shape[0] < 2 or tones.shape[1] != 2 or not 0 <= tones.min() <= tones.max() <= 1:
        raise NodeError(f"{points!r} is no curve", hint="Write pairs from 0 to 1, such as 0,0 0.5,0.6 1,1.")
    if (tones[1:, 0] == tones[:-1, 0]).any():
        raise NodeError(f"two points of the curve {points!r} have one tone in", hint="Give each its own.")
    return tones
