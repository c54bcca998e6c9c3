"""Frames between frames, held against those that were drawn there."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
import torch
from moving import passing, psnr

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.video.interpolation import Pair, resampled
from graphengine.diffusion.video.motion import fetched, motion_between, unlikeness
from graphengine.errors import NodeError
from nodes.video.interpolate import interpolate, retime

pytestmark = pytest.mark.torch


def blended(one: Image, other: Image, share: float = 0.5) -> Image:
    return Image((1 - share) * one.pixels + share * other.pixels)


@pytest.mark.parametrize("step", [0.01, 0.02, 0.04, 0.08])
def test_the_middle_beats_blending_by_far(step: float) -> None:
    first, middle, last = passing(3, size=128, step=step)
    _, made, _ = interpolate([first, last])
    assert psnr(made, middle) > psnr(blended(first, last), middle) + 6


@pytest.mark.parametrize("factor", [2, 3, 8])
def test_frames_lie_where_they_were_drawn(factor: int) -> None:
    every = list(passing(2 * factor + 1, size=96, step=0.06 / factor))
    made = list(interpolate(every[::factor], factor))
    assert len(made) == len(every)
    for index, (one, other) in enumerate(zip(made, every, strict=True)):
        if index % factor == 0:
            assert torch.equal(one.pixels, other.pixels), "what stands at its time goes through"
        else:
            near = blended(every[index // factor * factor], every[index // factor * factor + factor])
            assert psnr(one, other) > max(26, psnr(near, other) + 4)


def test_what_is_uncovered_comes_from_the_frame_that_shows_it() -> None:
    first, middle, last = passing(3, size=128, step=0.06)
    made = list(interpolate([first, last]))[1]
    wrong = (made.pixels - middle.pixels).abs().amax(-1) > 0.2
    ghosts = (blended(first, last).pixels - middle.pixels).abs().amax(-1) > 0.2
    assert wrong.sum() < 0.35 * ghosts.sum()


def test_a_cut_is_no_motion() -> None:
    one = list(passing(2, size=96))
    other = [Image(1 - each.pixels.flip(1)) for each in one]
    made = list(interpolate([*one, *other], 4))
    assert len(made) == 13
    for held in made[4:8]:
        assert torch.equal(held.pixels, one[1].pixels)
    assert not torch.equal(list(interpolate([*one, *other], 4, cut=1))[6].pixels, one[1].pixels)


def test_motion_is_what_was_moved() -> None:
    picture = next(passing(1, size=96)).pixels[0].numpy()
    moved = np.roll(picture, (3, -4), (0, 1))
    motion = motion_between(picture, moved)
    assert np.median(motion.there[20:50, 15:35], (0, 1)).tolist() == pytest.approx([-4, 3], abs=0.3)
    assert unlikeness(picture, moved, motion) < 0.01 < np.abs(picture - moved).mean()
    assert np.abs(fetched(moved, motion.there) - picture)[10:-10, 10:-10].mean() < 0.01


def test_another_rate() -> None:
    frames = list(passing(25, size=64, step=0.01))
    assert len(list(retime(frames, 24, 60))) == 61
    slower = list(retime(frames, 24, 12))
    assert len(slower) == 13
    assert all(torch.equal(one.pixels, other.pixels) for one, other in zip(slower, frames[::2], strict=True))
    (_, between, *_) = retime(frames, 24, 36)
    wanted = list(passing(2, size=64, step=0.01 * 2 / 3))[1]
    assert psnr(between, wanted) > 30


def test_small_pictures_alpha_and_single_frames() -> None:
    noise = [Image(torch.rand(1, 5, 7, 4)) for _ in range(2)]
    assert [each.pixels.shape for each in interpolate(noise)] == [(1, 5, 7, 4)] * 3
    assert len(list(interpolate(noise[:1]))) == 1
    assert list(interpolate([])) == []


def test_frames_of_several_sizes_are_refused() -> None:
    with pytest.raises(NodeError, match="frame 2 is 9 × 8"):
        list(interpolate([Image(torch.rand(1, 8, 8, 3)), Image(torch.rand(1, 8, 9, 3))]))


def test_two_frames_are_taken_at_a_time() -> None:
    taken = []

    def counted() -> Iterator[Image]:
        for index, frame in enumerate(passing(6, size=32)):
            taken.append(index)
            yield frame

    made = resampled(counted(), Fraction(1, 2), cut=1.0, between=Pair)
    next(made)
    next(made)
    assert taken == [0, 1]
