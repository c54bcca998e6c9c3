"""Distilling to a consistency model: it tells what the sampler takes, and its pictures end nearer to a teacher's."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, LCMScheduler
from trainings import Memory

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.training.consistency import Consistency, Distance
from graphengine.diffusion.training.objective import Objective
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.optimiser import Optimiser
from graphengine.errors import Cancelled, NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.run.context import TaskContext
from nodes.data.draw import draw
from nodes.training.apply import apply_weights
from nodes.training.consistency import distill_consistency
from nodes.training.fitness import TrainedDenoiser as Trained
from nodes.training.save import save_weights

pytestmark = pytest.mark.torch

CAPTIONS = draw(4, size=16, seed=1)


def train(model: Any, context: Any, checkpoints: Checkpoints = NO_CHECKPOINTS, **given: Any) -> Trained:
    parts = model.checkpoint
    settings = {
        "dataset": CAPTIONS,
        "taken": 2,
        "skip": 250,
        "cfg": 3.0,
        "steps": 4,
        "batch": 2,
        "rate": 1e-3,
        "seed": 3,
    } | given
    return distill_consistency(
        parts.model, parts.text_encoder, parts.vae, validation=CAPTIONS, **settings, pool=model.pool,
        context=context, checkpoints=checkpoints,
    )  # fmt: skip


class Predicts:
    """Stands for a denoiser that predicts the same everywhere."""

    def __init__(self, prediction: Any, scheduler: Any, told: torch.Tensor) -> None:
        self.device, self.told = torch.device("cpu"), told
        self.objective = Objective(prediction, scheduler, self.device)

    def predicted(self, *_: Any) -> torch.Tensor:
        return self.told


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_the_function_is_what_the_sampler_ends_with(prediction: Any) -> None:
    config = dict(DDIMScheduler(beta_start=0.001, beta_end=0.012, beta_schedule="scaled_linear").config)
    sampler = LCMScheduler.from_config(config, prediction_type=prediction)
    sampler.set_timesteps(50)
    state, told = torch.randn(2, 3, 4, 5, 5).unbind()
    denoising: Any = Predicts(prediction, config, told)
    function, texts = Consistency(denoising, config, prediction), ConditioningEntry(torch.zeros(3, 1, 1))
    assert function.timesteps.tolist() == sampler.timesteps.tolist()[::-1]
    for timestep in sampler.timesteps[::10]:
        ended = sampler.step(told, timestep, state).denoised
        levels = denoising.objective.at(timestep.expand(3))
        assert torch.allclose(function(state, texts, levels), ended, rtol=1e-4, atol=1e-4)
    assert torch.equal(function(state, texts, denoising.objective.at(torch.zeros(3, dtype=torch.long))), state)


@pytest.mark.parametrize("distance", ["huber", "squared"])
def test_a_training_that_is_cut_off_ends_in_the_same_weights(
    distance: Distance, model: Any, notes: Any, unwatched: Any
) -> None:
    whole = train(model, unwatched, distance=distance)
    memory = Memory()
    notes.cancel_at = 2
    with pytest.raises(Cancelled):
        train(model, notes, memory, distance=distance)
    notes.cancel_at = None
    assert train(model, notes, memory, distance=distance) == whole
    assert notes.steps[-2:] == [(3, 4), (4, 4)]
    assert notes.previews[-1].height > 192, "pictures are under the curve"
    assert whole.weights.notes["distance"] == distance
    assert {"skip", "guidance", "sampler", "gain"} <= whole.weights.notes.keys()


def test_the_student_ends_nearer_to_the_guided_teacher(
    velocity_model: Any, unwatched: Any, context: TaskContext
) -> None:
    parts = velocity_model.checkpoint
    more = draw(24, size=16, seed=2)
    trained = train(velocity_model, unwatched, dataset=more, steps=24, batch=8, optimiser=Optimiser(ema=0.9))
    assert trained.gain > 0.2
    file = save_weights(trained.weights, "student", half=False, context=context).file
    student = apply_weights(parts.model, parts.text_encoder, file, pool=velocity_model.pool).model
    texts = [encode_text(velocity_model.pool, parts.text_encoder, each) for each in ("a red circle", "")]

    def drawn(ref: Any, sampler: Any, steps: int, cfg: float) -> torch.Tensor:
        settings = Sampling(1, steps, cfg, sampler, "sgm_uniform")
        canvas = empty_latent(ref, 16, 16, 16)
        return sample(velocity_model.pool, ref, texts[0], texts[1], canvas, settings=settings).samples

    teacher = drawn(parts.model, "ddim", 20, 3.0)
    # in one step: with more, the sampler's fresh noise leads to other pictures, which the gain looks at
    near, far = ((drawn(ref, "lcm", 1, 1.0) - teacher).square().mean() for ref in (student, parts.model))
    assert near < 0.8 * far


def test_models_that_predict_a_flow_are_refused(model: Any, unwatched: Any) -> None:
    parts = model.checkpoint
    flow = replace(parts.model, prediction="flow")
    with pytest.raises(NodeError, match="cannot be distilled"):
        distill_consistency(flow, parts.text_encoder, parts.vae, CAPTIONS, CAPTIONS, pool=model.pool, context=unwatched)
