"""Training generators that make a picture in one pass: they learn what tags mean, a GAN's and that of a VAE."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from trainings import Memory

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.generator import GeneratorForm, PictureGenerator, generator_from, nearness, notes_of
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import Cancelled, NodeError
from nodes.data.draw import draw
from nodes.training.gan import train_gan
from nodes.training.generate import generate
from nodes.training.generators import Trained
from nodes.training.vae_generator import train_vae_generator

pytestmark = pytest.mark.torch

Train = Callable[..., Trained]
BOTH = pytest.mark.parametrize("begin", [train_gan, train_vae_generator])


@pytest.fixture
def pool() -> ModelPool:
    return ModelPool(torch.device("cpu"), None)


def train(begin: Train, pool: ModelPool, context: Any, **given: Any) -> Trained:
    settings = {"steps": 6, "batch": 4, "width": 4, "seed": 3} | given
    data, validation = draw(256, "one figure", size=16, seed=1), draw(32, "one figure", size=16, seed=2)
    return begin(data, validation, **settings, pool=pool, context=context)


@pytest.mark.parametrize(("begin", "steps", "rate"), [(train_gan, 120, 4e-3), (train_vae_generator, 120, 1e-2)])
def test_it_learns_what_the_tags_say(begin: Train, steps: int, rate: float, pool: ModelPool, notes: Any) -> None:
    begun = train(begin, pool, notes, steps=1)
    trained = train(begin, pool, notes, steps=steps, rate=rate, batch=16)
    assert trained.nearness > begun.nearness + 0.02
    made = generate(trained.weights, ["white background", "black background"], pool=pool, context=notes).image
    light = made.pixels[:, :3].mean((1, 2, 3))
    assert light[0] > light[1] + 0.2


@BOTH
def test_one_that_is_cut_off_ends_in_the_same_weights(begin: Train, pool: ModelPool, notes: Any) -> None:
    whole, memory = train(begin, pool, notes), Memory()
    notes.cancel_at = len(notes.steps) + 3
    with pytest.raises(Cancelled):
        train(begin, pool, notes, checkpoints=memory)
    assert memory.kept is not None
    notes.cancel_at = None
    again = train(begin, pool, notes, checkpoints=memory)
    assert again.weights.notes == whole.weights.notes
    assert all(torch.equal(again.weights.tensors[name], tensor) for name, tensor in whole.weights.tensors.items())


def test_a_picture_depends_on_seed_tags_and_place_alone(pool: ModelPool, notes: Any) -> None:
    weights = train(train_gan, pool, notes).weights
    tags = ["white background, figure at left", "black background"] * 20
    many = generate(weights, tags, 7, pool=pool, context=notes).image.pixels
    assert many.shape == (40, 16, 16, 3)
    few, other = (generate(weights, tags[:2], seed, pool=pool, context=notes).image.pixels for seed in (7, 8))
    assert torch.allclose(few, many[:2], atol=1e-5)
    assert not torch.allclose(few, other, atol=1e-3)


def test_equal_sets_are_near_and_others_are_not() -> None:
    generator = torch.Generator().manual_seed(1)
    dark, other, light = (torch.rand(64, 3, 16, 16, generator=generator) * 0.3 + step for step in (0.0, 0.0, 0.6))
    assert nearness(dark, other) == pytest.approx(1, abs=0.05)
    assert nearness(dark, light) < 0.01


def test_what_is_wrong_is_said(pool: ModelPool, notes: Any) -> None:
    with pytest.raises(NodeError, match="48 and 48 pixels cannot be learnt"):
        train_gan(draw(8, size=48), draw(8, size=48), steps=1, pool=pool, context=notes)
    with pytest.raises(NodeError, match="32 and 64 pixels cannot be learnt"):
        train_vae_generator(draw(8, size=32), draw(8, size=64), steps=1, pool=pool, context=notes)
    with pytest.raises(NodeError, match="two and more"):
        train_gan(draw(8, size=32), draw(1, size=32), steps=1, pool=pool, context=notes)
    form = GeneratorForm(("red circle", "night"), 16, 4)
    weights = Weights("generator", dict(PictureGenerator(form).state_dict()), notes_of(form))
    with pytest.raises(NodeError, match="not learnt 'red circel'") as refused:
        generate(weights, ["red circel"], pool=pool, context=notes)
    assert "red circle" in refused.value.hint
    with pytest.raises(NodeError, match="no picture"):
        generate(weights, [], pool=pool, context=notes)
    with pytest.raises(NodeError, match="weights of tagger"):
        generate(Weights("tagger", {}, {}), ["night"], pool=pool, context=notes)
    for wrong in ({}, {"size": "1000000"}, {"tags": "3"}, {"width": "8"}):
        with pytest.raises(ValueError, match="no weights of a generator"):
            generator_from(weights.tensors, {**weights.notes, **wrong} if wrong else {})
