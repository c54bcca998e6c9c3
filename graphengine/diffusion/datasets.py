"""The pictures and captions of a dataset, made when they are asked for."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from graphengine.diffusion.drawing.facts import facts
from graphengine.diffusion.drawing.masks import Masked
from graphengine.diffusion.drawing.scene import Scene
from graphengine.diffusion.sides import mirrored_words, names_side
from graphengine.diffusion.sources import Pictures, Source, caption_of, scene_of
from graphengine.diffusion.types.dataset import Dataset, Drawn, Filed
from graphengine.diffusion.views import View, room_for, view_of
from graphengine.errors import NodeError

_WORD = re.compile(r"\w+")


class Reader:
    """Reads a dataset; pictures that were made before are kept, up to a bound.

    Of a varied dataset the originals are kept, of which variants are made quickly.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._plain = Pictures(dataset.source, dataset.size)
        self._large = self._roomy(dataset.source)

    def __len__(self) -> int:
        return self._dataset.count

    def caption(self, index: int) -> str:
        """Return what the picture at an index shows, in plain English."""
        original, view = self._at(index)
        told = caption_of(self._dataset.source, original)
        return mirrored_words(told) if view is not None and view.mirrored else told

    def scene(self, index: int) -> Scene:
        """Return the scene that the picture at an index is drawn from.

        Raises:
            NodeError: the pictures are not drawn, or it is a variant.
        """
        original, view = self._at(index)
        if view is not None:
            raise NodeError("variants of pictures have no scenes", hint="Link the dataset as it was before.")
        return scene_of(self._dataset.source, original)

    def tags(self, index: int) -> frozenset[str]:
        """Return what is to be seen in the picture at an index: of one's own pictures, the words of the caption."""
        original, view = self._at(index)
        match self._dataset.source:
            case Drawn() as drawn:
                told = facts(scene_of(drawn, original))
                return frozenset(map(mirrored_words, told)) if view is not None and view.mirrored else told
            case Filed(_, captions):
                return frozenset(_WORD.findall(captions[original].lower()))
            case other:
                assert_never(other)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Return the picture at an index, of shape [size, size, 3], 0 to 255 (sRGB); it must not be changed."""
        original, view = self._at(index)
        if view is None:
            return self._plain.picture(original)
        return view.picture(self._large.picture(original), self._dataset.size)

    def depth(self, index: int) -> NDArray[np.float32]:
        """Return how far away each pixel of the picture at an index is, in metres, [size, size]; not to be changed.

        Raises:
            NodeError: it is no drawn landscape.
        """
        original, view = self._at(index)
        if view is None:
            return self._plain.depth(original)
        return view.plane(self._large.depth(original), self._dataset.size)

    def mask(self, index: int, masked: Masked = "foreground", number: int = 0) -> NDArray[np.uint8]:
        """Return where something is in the picture at an index, [size, size], 0 to 255; it must not be changed.

        Args:
            index: of the picture.
            masked: what; see :func:`graphengine.diffusion.drawing.masks.mask`.
            number: which thing, from 0.

        Raises:
            NodeError: the pictures are not drawn.
        """
        original, view = self._at(index)
        if view is None:
            return self._plain.mask(original, masked, number)
        return view.shape(self._large.mask(original, masked, number), self._dataset.size)

    def beside(self, source: Source) -> Callable[[int], NDArray[np.uint8]]:
        """Return what reads other pictures, one for each original, mirrored, rotated and cut as these are."""
        plain, large, size = Pictures(source, self._dataset.size), self._roomy(source), self._dataset.size

        def picture(index: int) -> NDArray[np.uint8]:
            original, view = self._at(index)
            return plain.picture(original) if view is None else view.shape(large.picture(original), size)

        return picture

    def stack(self, first: int, count: int) -> NDArray[np.uint8]:
        """Return pictures that follow each other, of shape [count, size, size, 3]."""
        return np.stack([self.picture(index) for index in range(first, first + count)])

    def any(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return a picture chosen by a generator."""
        return self.picture(int(rng.integers(len(self))))

    def _roomy(self, source: Source) -> Pictures:
        """Return what reads pictures to be varied."""
        augmentation, size = self._dataset.augmentation, self._dataset.size
        return Pictures(source, size if augmentation is None else room_for(augmentation, size))

    def _at(self, index: int) -> tuple[int, View | None]:
        """Return which original is at an index, and how it is seen.

        What a caption of one's own says of sides cannot be turned into what is true then: such pictures stay as they
        are, left and right.
        """
        augmentation, source = self._dataset.augmentation, self._dataset.source
        if augmentation is None:
            return index, None
        original, view = index % augmentation.originals, view_of(augmentation, index)
        if view is not None and view.mirrored and isinstance(source, Filed) and names_side(source.captions[original]):
            return original, replace(view, mirrored=False)
        return original, view
