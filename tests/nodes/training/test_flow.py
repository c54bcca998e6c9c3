"""Training denoisers that predict a flow: transformers of pictures and of videos."""

from typing import Any

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from tiny_models import NEGATIVE, PROMPT
from trainings import Memory

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.training.objective import Objective
from graphengine.diffusion.types.refs import ModelRef
from graphengine.errors import Cancelled
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.run.context import TaskContext
from nodes.data.draw import draw
from nodes.training.apply import apply_weights
from nodes.training.denoiser import train_denoiser
from nodes.training.fitness import TrainedDenoiser
from nodes.training.save import save_weights

pytestmark = pytest.mark.torch

CPU = torch.device("cpu")


def train(tiny: Any, context: Any, checkpoints: Checkpoints = NO_CHECKPOINTS, **given: Any) -> TrainedDenoiser:
    parts = tiny.checkpoint
    settings = {"steps": 12, "batch": 4, "rate": 3e-3, "seed": 3, "start": "fresh"} | given
    data = [draw(count, size=16, seed=seed) for count, seed in ((16, 1), (2, 2))]
    return train_denoiser(
        parts.model, parts.text_encoder, parts.vae, *data, **settings, pool=tiny.pool, context=context,
        checkpoints=checkpoints,
    )  # fmt: skip


def drawn(tiny: Any, model: ModelRef) -> torch.Tensor:
    texts = [encode_text(tiny.pool, tiny.checkpoint.text_encoder, each) for each in (PROMPT, NEGATIVE)]
    return sample(tiny.pool, model, *texts, empty_latent(model, 16, 16), settings=Sampling(3, 3)).samples


@pytest.mark.parametrize("name", ["third", "dev", "wan"])
def test_it_learns_and_is_used(request: Any, notes: Any, context: TaskContext, name: str) -> None:
    tiny = request.getfixturevalue(name)
    trained = train(tiny, notes)
    assert trained.gain > 0.1
    assert notes.previews[-1].height > 192, "pictures are under the curve"
    file = save_weights(trained.weights, "trained", half=False, context=context).file
    parts = tiny.checkpoint
    applied = apply_weights(parts.model, parts.text_encoder, file, pool=tiny.pool).model
    assert not torch.equal(drawn(tiny, applied), drawn(tiny, parts.model))


def test_a_training_that_is_cut_off_ends_in_the_same_weights(third: Any, notes: Any, unwatched: Any) -> None:
    whole = train(third, unwatched, steps=4, text_encoder="trained too")
    memory = Memory()
    notes.cancel_at = 2
    with pytest.raises(Cancelled):
        train(third, notes, memory, steps=4, text_encoder="trained too")
    notes.cancel_at = None
    assert train(third, notes, memory, steps=4, text_encoder="trained too") == whole
    assert notes.steps[-2:] == [(3, 4), (4, 4)]


def test_levels_are_moved_as_the_schedule_says() -> None:
    def noise(moved: float | None = None, **config: Any) -> torch.Tensor:
        return Objective("flow", config, CPU).levels(8, torch.Generator().manual_seed(1), moved).noise

    even = noise()
    assert torch.allclose(even.diff(), torch.full([7], 1 / 8))
    assert torch.allclose(noise(shift=3.0), 3 * even / (1 + 2 * even))
    assert torch.equal(noise(0.7, shift=3.0), noise(shift=3.0)), "the size of the picture does not count here"
    by_size = FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True)
    assert torch.allclose(noise(0.7, **by_size.config), by_size.time_shift(0.7, 1.0, even))


def test_a_flow_leads_from_the_picture_to_the_noise() -> None:
    clean, gaussian = torch.randn(2, 3, 16, 1, 2, 2, generator=torch.Generator().manual_seed(5))
    objective = Objective("flow", {}, CPU)
    levels = objective.levels(3, torch.Generator().manual_seed(1))
    seen, flow = levels.mixed(clean, gaussian), objective.target(levels, clean, gaussian)
    assert torch.allclose(objective.clean(levels, seen, flow), clean, atol=1e-5)
    assert torch.allclose(objective.towards(levels, seen, clean), flow, atol=1e-4)
    assert torch.equal(objective.weights(levels, 5.0), torch.ones(3))
