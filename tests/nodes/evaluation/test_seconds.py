"""How long generators take for a picture: it is measured, and grows with the work."""

from typing import Any

import pytest
import torch

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.generator import GeneratorForm, PictureGenerator, notes_of
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import Cancelled, NodeError
from nodes.evaluation.seconds import generator_seconds, sampling_seconds
from nodes.latent.empty import empty
from nodes.model.load import load
from nodes.text.encode import encode

pytestmark = pytest.mark.torch


@pytest.fixture
def pool() -> ModelPool:
    return ModelPool(torch.device("cpu"), None)


def generator(size: int, width: int) -> Weights:
    form = GeneratorForm(("night",), size, width)
    return Weights("generator", dict(PictureGenerator(form).state_dict()), notes_of(form))


def test_a_larger_generator_takes_longer(pool: ModelPool, notes: Any) -> None:
    little, much = (generator_seconds(generator(*each), 5, pool=pool, context=notes) for each in ((16, 4), (128, 32)))
    assert 0 < little < much
    assert notes.steps[:6] == [(number, 5) for number in range(6)]
    with pytest.raises(NodeError, match="no weights of a generator"):
        generator_seconds(Weights("tagger", {}, {}), pool=pool, context=notes)


def test_more_steps_take_longer(pool: ModelPool, notes: Any, model: Any) -> None:
    parts = load(model)
    texts = [encode(parts.text_encoder, text, pool=pool) for text in ("a red circle", "")]
    latent = empty(parts.model, 32, 32)
    few, many = (
        sampling_seconds(parts.model, *texts, latent, parts.vae, steps, pictures=3, pool=pool, context=notes)
        for steps in (1, 40)
    )
    assert 0 < few < many
    notes.cancel_at = len(notes.steps) + 1
    with pytest.raises(Cancelled):
        sampling_seconds(parts.model, *texts, latent, parts.vae, 2, pictures=3, pool=pool, context=notes)
