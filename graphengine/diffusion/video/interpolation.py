"""Frames between frames."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import cached_property
from itertools import count

import numpy as np
import torch

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.video.motion import Field, Motion, Picture, fetched, motion_between, unlikeness
from graphengine.errors import NodeError


class Pair:
    """Two frames that follow one another, and what lies between them.

    Args:
        cut: how unlike the frames may be once motion is taken away; beyond it a scene ends with the first, and nothing
            lies between.
    """

    def __init__(self, first: Picture, second: Picture, cut: float) -> None:
        self.first, self.second, self._cut = first, second, cut

    def at(self, time: float) -> Picture:
        """Return the frame at a time from 0 to 1.

        Both frames are brought to that time and blended by how near they are; what only one of them shows comes from it
        alone.

        Source: Jiang et al., Super SloMo (2018), equation 4 for the flows and 2 for the blending.
        """
        motion = self._motion
        if motion is None:
            return self.first
        rest = 1 - time
        to_first: Field = -rest * time * motion.there + time * time * motion.back
        to_second: Field = rest * rest * motion.there - time * rest * motion.back
        seen_second = 1 - fetched(motion.only_first, to_first)
        seen_first = 1 - fetched(motion.only_second, to_second)
        one, other = rest * seen_first + 1e-3 * rest, time * seen_second + 1e-3 * time
        share = (one / (one + other))[..., None]
        made = share * fetched(self.first, to_first) + (1 - share) * fetched(self.second, to_second)
        return made.astype(np.float32, copy=False)

    @property
    def is_cut(self) -> bool:
        """Whether a scene ends with the first."""
        return self._cut < 1 and self._motion is None

    @cached_property
    def _motion(self) -> Motion | None:
        motion = motion_between(self.first, self.second)
        return None if unlikeness(self.first, self.second, motion) > self._cut else motion


def resampled(
    frames: Iterable[Image], step: Fraction, *, cut: float, between: Callable[[Picture, Picture, float], Pair] = Pair
) -> Iterator[Image]:
    """Yield frames at other times: 0, ``step``, 2 · ``step`` … in frames that come in, up to the last of these.

    A frame that stands at such a time goes through as it is. Two frames are in memory at a time.

    Args:
        step: above 0; 1/2 puts one frame between each two, 2 leaves out each second one.
        cut: see :class:`Pair`.
        between: makes what lies between two frames.

    Raises:
        NodeError: the sizes of frames differ.
    """
    pictures = _pictures(frames)
    first = next(pictures, None)
    if first is None:
        return
    second, pair, index = next(pictures, None), None, 0
    for time in (step * number for number in count()):
        while second is not None and time >= index + 1:
            first, second, pair, index = second, next(pictures, None), None, index + 1
        if time == index:
            yield _image(first)
        elif second is None:
            return
        else:
            pair = pair or between(*_alike(first, second, index), cut)
            yield _image(pair.at(float(time - index)))


def _pictures(frames: Iterable[Image]) -> Iterator[Picture]:
    for image in frames:
        yield from image.pixels.numpy()


def _alike(first: Picture, second: Picture, index: int) -> tuple[Picture, Picture]:
    if first.shape != second.shape:
        raise NodeError(
            f"frame {index + 2} is {second.shape[1]} × {second.shape[0]} with {second.shape[2]} channels, "
            f"the one before it {first.shape[1]} × {first.shape[0]} with {first.shape[2]}",
            hint="Resize the frames to one size.",
        )
    return first, second


def _image(picture: Picture) -> Image:
    return Image(torch.from_numpy(np.ascontiguousarray(picture)).clamp(0, 1)[None])
