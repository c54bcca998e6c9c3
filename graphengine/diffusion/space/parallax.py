"""A picture with depth, seen by a camera that moves."""

from dataclasses import replace

import torch
from torch import Tensor

from graphengine.diffusion.space.behind import behind, filled
from graphengine.diffusion.space.meshing import surface_of
from graphengine.diffusion.space.raster import view_of
from graphengine.diffusion.types.depth import Camera


class Scene:
    """Two surfaces: the picture, torn where depth jumps, and behind it what is guessed to be there.

    Source: the idea is that of Shih et al., 3D Photography using Context-aware Layered Depth Inpainting (2020), with a
    classical fill in the place of the network.

    Args:
        pixels: [height, width, 3 or 4].
        depth: [height, width].
        edge: neighbours with a larger ratio of distances than 1 + edge are torn apart.
        reach: how many pixels behind the rim of a thing are guessed.
    """

    def __init__(self, pixels: Tensor, depth: Tensor, camera: Camera, *, edge: float, reach: int) -> None:
        self._size, self._camera = depth.shape, camera
        self._front = surface_of(pixels, depth, camera, edge=edge)
        self._back = surface_of(*behind(pixels, depth, edge=edge, reach=reach), camera, edge=None)

    def seen(self, pose: Tensor, zoom: float) -> Tensor:
        """Return what a camera at ``pose`` sees, holes filled: [height, width, channels].

        Args:
            zoom: how much longer its lens is than that which made the picture, so that the rim stays out of sight.
        """
        camera = replace(self._camera, focal=self._camera.focal * zoom)
        front = view_of(self._front, camera, *self._size, pose=pose)
        back = view_of(self._back, camera, *self._size, pose=pose)
        nearer = (front.depth <= back.depth * 1.001)[..., None]
        pixels = torch.where(nearer & front.depth.isfinite()[..., None], front.pixels, back.pixels)
        return filled(pixels, front.depth.isinf() & back.depth.isinf())
