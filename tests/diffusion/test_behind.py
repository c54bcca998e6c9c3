"""What is guessed to be behind things is what is there when the same landscape is drawn without them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from graphengine.diffusion.drawing.landscape import Landscape
from graphengine.diffusion.drawing.relief import relief
from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.sample import sample_landscape
from graphengine.diffusion.space.behind import behind

pytestmark = pytest.mark.torch


def drawn(scene: Landscape) -> tuple[Tensor, Tensor]:
    pixels = torch.from_numpy(render(scene, 128).copy()).float() / 255
    return pixels, torch.from_numpy(relief(scene, 128)).float()


def test_it_is_as_if_the_thing_were_not_there() -> None:
    errors, distances = [], []
    for seed in range(24):
        scene = sample_landscape(np.random.default_rng(seed))
        (pixels, depth), (bare, far) = drawn(scene), drawn(replace(scene, things=()))
        seen, beyond = behind(pixels, depth, edge=0.15, reach=12)
        looked = (far > depth * 1.15) & (seen != pixels).any(-1)
        if looked.sum() > 50:
            errors.append(float((seen - bare)[looked].square().mean()))
            distances.append(float(((beyond - far).abs() / far)[looked].median()))
    assert len(errors) > 10
    assert np.median(errors) < 10**-1.8, "in decibels: 18"
    assert np.median(distances) < 0.05


def test_nothing_comes_nearer_and_what_is_level_stays() -> None:
    pixels, depth = drawn(sample_landscape(np.random.default_rng(4)))
    _, beyond = behind(pixels, depth, edge=0.15, reach=12)
    assert (beyond >= depth).all()
    level = torch.full((32, 48), 3.0)
    same = behind(pixels[:32, :48], level, edge=0.15, reach=12)
    assert torch.equal(same[0], pixels[:32, :48])
    assert torch.equal(same[1], level)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("flipped", [False, True])
def test_it_comes_from_the_side_that_is_near(turned: bool, flipped: bool) -> None:
    """A post of 20 pixels before two walls: each half of it hides the wall at its side, so far as is asked for."""
    depth, pixels = torch.full((40, 60), 10.0), torch.zeros(40, 60, 3)
    depth[:, 20:40] = 2
    pixels[:, :20, 0] = pixels[:, 40:, 1] = 1

    def turn(plane: Tensor) -> Tensor:
        plane = plane.flip(1) if flipped else plane
        return plane.transpose(0, 1).contiguous() if turned else plane

    seen, beyond = behind(turn(pixels), turn(depth), edge=0.15, reach=6)
    back = seen.transpose(0, 1) if turned else seen
    back = back.flip(1) if flipped else back
    assert (back[:, 20:26, 0] == 1).all()
    assert (back[:, 34:40, 1] == 1).all()
    assert (back[:, 29:31] == 0).all()
    assert int((beyond > 9.99).sum()) >= 40 * (40 + 12)
