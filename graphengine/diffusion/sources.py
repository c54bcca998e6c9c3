"""Where the pictures of datasets come from: drawn when they are wanted, or read from files."""

from functools import lru_cache
from typing import assert_never

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageOps

from graphengine.diffusion.drawing.caption import caption, plain_caption
from graphengine.diffusion.drawing.masks import Masked, mask
from graphengine.diffusion.drawing.portrait import sample_portrait
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
from graphengine.diffusion.drawing.several import sample_several
from graphengine.diffusion.drawing.style import in_style
from graphengine.diffusion.reading import opened
from graphengine.diffusion.types.dataset import Drawn, Filed
from graphengine.errors import NodeError
from graphengine.files.roots import File

Source = Drawn | Filed

_KEPT_BYTES = 256 * 2**20  # of pictures: drawing or decoding one takes longer than a step over it


class Pictures:
    """Makes pictures of a source in one size, and keeps them, up to a bound."""

    def __init__(self, source: Source, size: int) -> None:
        self._source, self._size = source, size
        kept = max(1, _KEPT_BYTES // (3 * size**2))
        self.picture = lru_cache(kept)(self._picture)
        self.depth = lru_cache(kept)(self._depth)
        self.mask = lru_cache(kept)(self._mask)

    def _picture(self, index: int) -> NDArray[np.uint8]:
        match self._source:
            case Drawn(style=style) as drawn:
                return in_style(render(_scene(drawn, index), self._size), style)
            case Filed(files, _):
                return _square(files[index], self._size)
            case other:
                assert_never(other)

    def _depth(self, index: int) -> NDArray[np.float32]:
        scene = scene_of(self._source, index)
        if not isinstance(scene, Landscape):
            raise NodeError("figures and faces on a plain ground have no depth", hint="Draw a dataset of landscapes.")
        return relief(scene, self._size)

    def _mask(self, index: int, masked: Masked, number: int) -> NDArray[np.uint8]:
        return mask(scene_of(self._source, index), self._size, masked, number)


def caption_of(source: Source, index: int) -> str:
    """Return what the picture at an index shows, in plain English."""
    match source:
        case Drawn() as drawn:
            scene = _scene(drawn, index)
            if drawn.scenes == "held out" and isinstance(scene, Still):
                return plain_caption(scene)  # it says all that is judged, and no more
            return caption(scene, np.random.default_rng((drawn.seed, drawn.first + index, 1)))
        case Filed(_, captions):
            return captions[index]
        case other:
            assert_never(other)


def scene_of(source: Source, index: int) -> Scene:
    """Return the scene that the picture at an index is drawn from.

    Raises:
        NodeError: the pictures are not drawn.
    """
    if isinstance(source, Filed):
        raise NodeError("pictures from files have no scenes", hint="Link a dataset that is drawn.")
    return _scene(source, index)


def _scene(drawn: Drawn, index: int) -> Scene:
    place = drawn.first + index
    rng = np.random.default_rng((drawn.seed, place))
    match drawn.scenes:
        case "mixed":
            return sample_scene(rng)
        case "one figure":
            return sample_one(rng)
        case "two figures":
            return sample_two(rng)
        case "several figures":
            return sample_several(rng)
        case "faces":
            return sample_portrait(rng)
        case "landscapes":
            return sample_landscape(rng)
        case "held out":
            return sample_held_out(rng, place)
        case other:
            assert_never(other)


def _square(file: File, size: int) -> NDArray[np.uint8]:
    """Read a file, upright, cut to a square in its middle."""
    with opened(file) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    return np.asarray(ImageOps.fit(upright, (size, size), Pil.Resampling.LANCZOS))
