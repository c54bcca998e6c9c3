"""Training an autoencoder: it learns, goes on where it was cut off, and is used like any other."""

from typing import Any

import pytest
import torch
from tiny_models import make_tiny_autoencoder
from trainings import Memory

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.vae import decode, encode
from graphengine.errors import Cancelled, ModelRefused, NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.run.context import TaskContext
from nodes.data.draw import draw
from nodes.training.apply import apply_vae
from nodes.training.save import save_weights
from nodes.training.vae import Trained, train_vae

pytestmark = pytest.mark.torch


def train(model: Any, context: Any, checkpoints: Checkpoints = NO_CHECKPOINTS, **given: Any) -> Trained:
    settings = {"steps": 6, "batch": 4, "crop": 16, "rate": 5e-3, "seed": 3} | given
    data = [draw(count, size=32, seed=seed) for count, seed in ((32, 1), (4, 2))]
    return train_vae(model.checkpoint.vae, *data, **settings, pool=model.pool, context=context, checkpoints=checkpoints)


@pytest.fixture(scope="module")
def tiny(make_model: Any) -> Any:
    return make_model(vae=make_tiny_autoencoder())


@pytest.mark.parametrize("part", ["decoder", "encoder and decoder"])
def test_a_training_that_is_cut_off_ends_in_the_same_weights(model: Any, notes: Any, unwatched: Any, part: str) -> None:
    whole = train(model, unwatched, part=part)
    memory = Memory()
    notes.cancel_at = 3
    with pytest.raises(Cancelled):
        train(model, notes, memory, part=part)
    notes.cancel_at = None
    assert train(model, notes, memory, part=part) == whole
    assert notes.steps[-3:] == [(4, 6), (5, 6), (6, 6)]
    assert notes.previews[-1].height > 192, "pictures are under the curve"


def test_what_is_fresh_learns_and_brings_its_own_scale(tiny: Any, unwatched: Any, context: TaskContext) -> None:
    early, late = (train(tiny, unwatched, start="fresh", steps=steps) for steps in (1, 60))
    assert late.psnr > early.psnr + 1
    file = save_weights(late.weights, "vae", half=False, context=context).file
    applied = apply_vae(tiny.checkpoint.vae, file, pool=tiny.pool)
    picture = Image(torch.rand(1, 32, 32, 3))
    latent = encode(tiny.pool, applied, picture)
    assert not torch.allclose(latent.samples, encode(tiny.pool, tiny.checkpoint.vae, picture).samples)
    with tiny.pool.use(applied) as loaded:
        assert loaded.scale == pytest.approx(float(late.weights.notes["scaling_factor"]))
        assert torch.equal(loaded.module.decoder.layers[0].weight, late.weights.tensors["vae.decoder.layers.0.weight"])


def test_the_decoder_alone_leaves_latents_as_they_are(tiny: Any, unwatched: Any, context: TaskContext) -> None:
    trained = train(tiny, unwatched)
    assert all(name.startswith("vae.decoder.") for name in trained.weights.tensors)
    file = save_weights(trained.weights, "vae", context=context).file
    applied = apply_vae(tiny.checkpoint.vae, file, pool=tiny.pool)
    latent, same = (encode(tiny.pool, vae, Image(torch.rand(1, 32, 32, 3, generator=torch.Generator().manual_seed(1))))
                    for vae in (tiny.checkpoint.vae, applied))  # fmt: skip
    assert torch.equal(latent.samples, same.samples)
    seen, other = (decode(tiny.pool, vae, latent).pixels for vae in (tiny.checkpoint.vae, applied))
    assert not torch.equal(seen, other)


def test_pictures_that_do_not_fit_are_refused(tiny: Any, unwatched: Any) -> None:
    with pytest.raises(NodeError, match="do not fit"):
        train(tiny, unwatched, crop=64)
    with pytest.raises(NodeError, match="must be a multiple"):
        train_vae(tiny.checkpoint.vae, draw(2, size=32), draw(2, size=33), crop=16, pool=tiny.pool, context=unwatched)


def test_weights_of_a_denoiser_are_refused(tiny: Any, unwatched: Any, context: TaskContext) -> None:
    weights = train(tiny, unwatched, steps=1).weights
    other = type(weights)(weights.kind, {name.replace("vae.", "model."): t for name, t in weights.tensors.items()}, {})
    file = save_weights(other, "other", context=context).file
    with pytest.raises(ModelRefused, match="holds nothing for the vae"):
        apply_vae(tiny.checkpoint.vae, file, pool=tiny.pool)
