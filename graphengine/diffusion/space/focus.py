"""Depth of field: what is out of focus is blurred, as a lens does it."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_LAYERS = 12


def focused(pixels: Tensor, depth: Tensor, *, focus: float, blur: float) -> Tensor:
    """Blur a picture by how far from the plane of focus each pixel lies.

    The circle of confusion grows with the difference of inverse distances (a thin lens). The picture is cut into layers
    by it, each is blurred with its alpha by a disc, and they are laid over each other from back to front.

    Args:
        pixels: [height, width, 3].
        depth: [height, width].
        focus: the distance that is sharp.
        blur: the radius in pixels of the blur at infinite distance.

    Source: Potmesil & Chakravarty, A lens and aperture camera model (1981); layers as in Kraus & Strengert (2007).
    """
    signed = blur * (focus / depth - 1).numpy()  # above 0 in front of the plane of focus, below behind it
    edges = np.linspace(min(float(signed.min()), 0), max(float(signed.max()), 0), _LAYERS + 1)
    colours, covered = np.zeros((*depth.shape, 3), np.float32), np.zeros((*depth.shape, 1), np.float32)
    number = np.clip(np.digitize(signed, edges) - 1, 0, _LAYERS - 1)
    source: NDArray[np.float32] = pixels.numpy()
    for layer in range(_LAYERS):  # the furthest has the lowest
        inside = (number == layer)[..., None].astype(np.float32)
        if not inside.any():
            continue
        radius = abs(float(signed[number == layer].mean()))
        own = _blurred(np.concatenate((source * inside, inside), -1), radius)
        colours = own[..., :3] + colours * (1 - own[..., 3:])
        covered = own[..., 3:] + covered * (1 - own[..., 3:])
    return torch.from_numpy(colours / np.maximum(covered, 1e-6)).clamp(0, 1)


def _blurred(layer: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    if radius < 0.5:
        return layer
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    result: NDArray[np.float32] = cv2.filter2D(layer, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)
    return result
