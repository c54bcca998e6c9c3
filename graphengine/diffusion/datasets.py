"""The pictures and captions of a dataset, made when they are asked for."""

import re
from functools import lru_cache
from typing import assert_never

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageOps

from graphengine.diffusion.drawing.caption import caption, plain_caption
from graphengine.diffusion.drawing.facts import facts
from graphengine.diffusion.drawing.relief import relief
from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.sample import (
    sample_held_out,
    sample_landscape,
    sample_one,
    sample_scene,
    sample_two,
)
from graphengine.diffusion.drawing.scene import Landscape, Scene, Still
from graphengine.diffusion.drawing.style import in_style
from graphengine.diffusion.reading import opened
from graphengine.diffusion.types.dataset import Dataset, Drawn, Filed, Scenes
from graphengine.errors import NodeError
from graphengine.files.roots import File

_WORD = re.compile(r"\w+")
_KEPT_BYTES = 256 * 2**20  # of pictures: drawing or decoding one takes longer than a step over it


class Reader:
    """Reads a dataset; pictures that were made before are kept, up to a bound."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        kept = max(1, _KEPT_BYTES // (3 * dataset.size**2))
        self.picture = lru_cache(kept)(self._picture)
        self.depth = lru_cache(kept)(self._depth)

    def __len__(self) -> int:
        return self._dataset.count

    def caption(self, index: int) -> str:
        """Return what the picture at an index shows, in plain English."""
        match self._dataset.source:
            case Drawn(scenes, seed, _):
                scene = _scene(scenes, seed, index)
                if scenes == "held out" and isinstance(scene, Still):
                    return plain_caption(scene)  # it says all that is judged, and no more
                return caption(scene, np.random.default_rng((seed, index, 1)))
            case Filed(_, captions):
                return captions[index]
            case other:
                assert_never(other)

    def scene(self, index: int) -> Scene:
        """Return the scene that the picture at an index is drawn from.

        Raises:
            NodeError: the pictures are not drawn.
        """
        match self._dataset.source:
            case Drawn(scenes, seed, _):
                return _scene(scenes, seed, index)
            case Filed():
                raise NodeError("pictures from files have no scenes", hint="Link a dataset that is drawn.")
            case other:
                assert_never(other)

    def tags(self, index: int) -> frozenset[str]:
        """Return what is to be seen in the picture at an index: of one's own pictures, the words of the caption."""
        match self._dataset.source:
            case Drawn(scenes, seed, _):
                return facts(_scene(scenes, seed, index))
            case Filed(_, captions):
                return frozenset(_WORD.findall(captions[index].lower()))
            case other:
                assert_never(other)

    def stack(self, first: int, count: int) -> NDArray[np.uint8]:
        """Return pictures that follow each other, of shape [count, size, size, 3]."""
        return np.stack([self.picture(index) for index in range(first, first + count)])

    def any(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return a picture chosen by a generator."""
        return self.picture(int(rng.integers(len(self))))

    def _picture(self, index: int) -> NDArray[np.uint8]:
        """Return the picture at an index, of shape [size, size, 3], 0 to 255 (sRGB); it must not be changed."""
        match self._dataset.source:
            case Drawn(scenes, seed, style):
                return in_style(render(_scene(scenes, seed, index), self._dataset.size), style)
            case Filed(files, _):
                return _square(files[index], self._dataset.size)
            case other:
                assert_never(other)

    def _depth(self, index: int) -> NDArray[np.float32]:
        """Return how far away each pixel of the picture at an index is, in metres, [size, size]; not to be changed.

        Raises:
            NodeError: it is no drawn landscape.
        """
        scene = self.scene(index)
        if not isinstance(scene, Landscape):
            raise NodeError("figures on a plain ground have no depth", hint="Draw a dataset of landscapes.")
        return relief(scene, self._dataset.size)


def _scene(scenes: Scenes, seed: int, index: int) -> Scene:
    rng = np.random.default_rng((seed, index))
    match scenes:
        case "mixed":
            return sample_scene(rng)
        case "one figure":
            return sample_one(rng)
        case "two figures":
            return sample_two(rng)
        case "landscapes":
            return sample_landscape(rng)
        case "held out":
            return sample_held_out(rng, index)
        case other:
            assert_never(other)


def _square(file: File, size: int) -> NDArray[np.uint8]:
    """Read a file, upright, cut to a square in its middle."""
    with opened(file) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    return np.asarray(ImageOps.fit(upright, (size, size), Pil.Resampling.LANCZOS))
