"""Drawn pictures that move."""

import numpy as np
import pytest
import torch

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.drawing.moving import SPEED, moving
from graphengine.diffusion.drawing.scene import Still
from graphengine.diffusion.types.dataset import Scenes
from graphengine.errors import NodeError
from graphengine.types.builtin import Seed
from nodes.data.augment import augment
from nodes.data.draw import draw
from nodes.data.look import look
from nodes.data.motion import motion

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("scenes", ["two figures", "landscapes", "several figures", "textures", "faces"])
def test_the_first_frame_is_the_picture_and_the_others_follow_from_it(scenes: Scenes) -> None:
    drawn = draw(6, scenes, 48, Seed(4), "comic")
    moved = 0
    for index in range(6):
        film = [each.pixels for each in motion(drawn, index, 4, Seed(1))]
        assert len(film) == 4
        assert torch.equal(film[0], look(drawn, index, 1).image.pixels)
        moved += not torch.equal(film[0], film[3])
        again = [each.pixels for each in motion(drawn, index, 4, Seed(1))]
        assert all(map(torch.equal, film, again))
    assert moved >= (2 if scenes == "landscapes" else 6)


def test_figures_go_evenly_and_stay_within_the_picture() -> None:
    reader = Reader(draw(20, "two figures", 48, Seed(2)))
    for index in range(20):
        film = list(moving(reader.scene(index), 120, np.random.default_rng(index)))
        places = []
        for scene in film:
            assert isinstance(scene, Still)
            places.append([(each.x, each.y) for each in scene.figures])
            assert all(each.radius < place < 1 - each.radius for each in scene.figures for place in (each.x, each.y))
        steps = np.abs(np.diff(np.array(places), axis=0))
        assert steps.max() <= SPEED
        assert (np.isclose(steps, np.median(steps, axis=0)).mean(axis=0) > 0.8).all(), "but where they turn round"


def test_what_cannot_move_says_so() -> None:
    with pytest.raises(NodeError, match="picture 3 is wanted of a dataset of 3"):
        next(iter(motion(draw(3, size=16), 3)))
    with pytest.raises(NodeError, match="variants of pictures do not move"):
        next(iter(motion(augment(draw(3, size=16), 2))))
