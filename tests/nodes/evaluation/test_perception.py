"""How alike pictures look to a tagger: distances that are zero where they must be, and grow where they must."""

import json
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor

from graphengine.diffusion.evaluation.perception import perceptual, tagger_of
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.tagger import Tagger
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from nodes.evaluation.perception import frechet_distance, kernel_distance, perceptual_distance, picture_diversity

pytestmark = pytest.mark.torch


@pytest.fixture
def pool() -> ModelPool:
    return ModelPool(torch.device("cpu"), None)


@pytest.fixture
def tagger() -> Weights:
    return Weights("tagger", Tagger(["a", "b"], 4).state_dict(), {"tags": json.dumps(["a", "b"])})


def blurred(pictures: Tensor, times: int) -> Image:
    for _ in range(times):
        pictures = torch.nn.functional.avg_pool2d(pictures.permute(0, 3, 1, 2), 3, 1, 1).permute(0, 2, 3, 1)
    return Image(pictures.contiguous())


def test_equal_pictures_are_at_no_distance_and_others_the_farther_the_more_they_differ(
    pool: ModelPool, tagger: Weights
) -> None:
    true = Image(torch.rand(3, 32, 40, 3))
    found = [perceptual_distance(blurred(true.pixels, times), true, tagger, pool=pool) for times in (0, 1, 4)]
    assert found[0] == pytest.approx(0, abs=1e-6)
    assert 0 < found[1] < found[2]
    alpha = Image(torch.cat([true.pixels, torch.rand(3, 32, 40, 1)], dim=-1))
    assert perceptual_distance(alpha, true, tagger, pool=pool) == pytest.approx(0, abs=1e-6)


def test_diversity_is_the_mean_distance_of_all_pairs(pool: ModelPool, tagger: Weights) -> None:
    pictures = torch.rand(5, 32, 32, 3)
    network = tagger_of(tagger)
    stacked = pictures.permute(0, 3, 1, 2)
    pairs = [(i, j) for i in range(5) for j in range(i)]
    one, other = (stacked[[pair[side] for pair in pairs]] for side in (0, 1))
    expected = float(perceptual(network, one, other).mean())
    assert picture_diversity(Image(pictures), tagger, pool=pool) == pytest.approx(expected, rel=1e-4)
    same = Image(pictures[:1].expand(3, -1, -1, -1).contiguous())
    assert picture_diversity(same, tagger, pool=pool) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_sets_are_the_farther_apart_the_more_they_differ(pool: ModelPool, tagger: Weights, distance: Any) -> None:
    one, other = torch.rand(2, 48, 32, 32, 3)
    alike, near, far = (distance(blurred(one, times), Image(other), tagger, pool=pool) for times in (0, 1, 4))
    assert abs(alike) < near < far


def test_the_frechet_distance_is_that_of_two_gaussians(pool: ModelPool, tagger: Weights) -> None:
    one, other = torch.rand(2, 64, 32, 32, 3)
    network = tagger_of(tagger)
    made, true = (network.described(each.permute(0, 3, 1, 2)).double().numpy() for each in (0.5 * one, other))
    shared = scipy.linalg.sqrtm(np.cov(made, rowvar=False) @ np.cov(true, rowvar=False)).real
    spread = np.trace(np.cov(made, rowvar=False) + np.cov(true, rowvar=False) - 2 * shared)
    expected = ((made.mean(0) - true.mean(0)) ** 2).sum() + spread
    found = frechet_distance(Image(0.5 * one), Image(other), tagger, pool=pool)
    assert found == pytest.approx(expected, rel=1e-3)


def test_a_set_is_at_no_frechet_distance_from_itself(pool: ModelPool, tagger: Weights) -> None:
    one = Image(torch.rand(48, 32, 32, 3))
    far = frechet_distance(blurred(one.pixels, 4), one, tagger, pool=pool)
    assert abs(frechet_distance(one, one, tagger, pool=pool)) < far / 1000


def test_what_cannot_be_judged_is_refused(pool: ModelPool, tagger: Weights) -> None:
    one, two, small = Image(torch.rand(1, 32, 32, 3)), Image(torch.rand(2, 32, 32, 3)), Image(torch.rand(2, 8, 8, 3))
    with pytest.raises(NodeError, match="1 pictures of 32 × 32 pixels cannot be compared with 2 of 32 × 32"):
        perceptual_distance(one, two, tagger, pool=pool)
    with pytest.raises(NodeError, match="pictures of 8 × 8 pixels are too small"):
        picture_diversity(small, tagger, pool=pool)
    for judge in (frechet_distance, kernel_distance):
        with pytest.raises(NodeError, match="two pictures and more"):
            judge(two, one, tagger, pool=pool)
    wide = {"stages.0.0.weight": torch.zeros(100_000, 0)}
    wrong = {
        "weights of upscaler, not of a tagger": Weights("upscaler", {}, {}),
        "do not say which tags": Weights("tagger", {}, {"tags": "5"}),
        "no weights of a tagger": Weights("tagger", {}, {"tags": "[]"}),
        "100000 channels": Weights("tagger", wide, {"tags": '["a"]'}),
    }
    for message, weights in wrong.items():
        with pytest.raises(NodeError, match=message):
            picture_diversity(two, weights, pool=pool)
