"""Drawn pictures that move, and how alike two pictures are."""

from collections.abc import Iterator

import torch

from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.scene import Figure, Scene, Still
from graphengine.diffusion.evaluation import likeness
from graphengine.diffusion.types.image import Image


def drawn(scene: Scene, size: int = 96) -> Image:
    return Image(torch.from_numpy(render(scene, size).copy()).float()[None] / 255)


def passing(count: int, *, size: int = 96, step: float = 0.02, across: float = 0.0) -> Iterator[Image]:
    """A star that goes to the right and a circle that goes to the left before it; ``step`` in sides per frame."""
    for index in range(count):
        gone = step * index + across
        star = Figure("star", "yellow", 0.25 + gone, 0.35, 0.18)
        circle = Figure("circle", "red", 0.75 - gone, 0.62, 0.2)
        yield drawn(Still("blue", (star, circle)), size)


def psnr(one: Image, other: Image) -> float:
    """The peak signal-to-noise ratio of two pictures in decibels; infinite where they are equal."""
    return float(likeness.psnr(one.pixels[..., :3], other.pixels[..., :3]))
