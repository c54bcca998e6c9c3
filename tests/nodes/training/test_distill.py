"""Distilling a denoiser: the student takes the steps of its sampler, and ends nearer to its teacher."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler
from trainings import Memory

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.training.distilling import Steps
from graphengine.diffusion.training.objective import Objective
from graphengine.errors import Cancelled, NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.run.context import TaskContext
from nodes.data.draw import draw
from nodes.training.apply import apply_weights
from nodes.training.distill import Trained, distill
from nodes.training.save import save_weights

pytestmark = pytest.mark.torch

CAPTIONS = draw(4, size=16, seed=1)


def train(model: Any, context: Any, checkpoints: Checkpoints = NO_CHECKPOINTS, **given: Any) -> Trained:
    parts = model.checkpoint
    settings = {
        "dataset": CAPTIONS,
        "taken": 2,
        "substeps": 2,
        "cfg": 3.0,
        "steps": 4,
        "batch": 2,
        "rate": 1e-3,
        "seed": 3,
    } | given
    return distill(
        parts.model, parts.text_encoder, parts.vae, validation=CAPTIONS, **settings, pool=model.pool, context=context,
        checkpoints=checkpoints,
    )  # fmt: skip


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("to_one", [False, True])
def test_a_step_is_one_of_the_sampler_and_can_be_undone(prediction: Any, to_one: bool) -> None:
    scheduler = DDIMScheduler(
        beta_schedule="scaled_linear", prediction_type=prediction, clip_sample=False, set_alpha_to_one=to_one,
        timestep_spacing="trailing",
    )  # fmt: skip
    scheduler.set_timesteps(4)
    objective = Objective(prediction, scheduler.config, torch.device("cpu"))
    steps = Steps(objective, scheduler.config, 4)
    state, told = torch.randn(2, 3, 4, 5, 5).unbind()
    for index, timestep in enumerate(scheduler.timesteps):
        levels = steps.at(index, len(state))
        assert levels.timesteps.tolist() == [timestep] * len(state)
        clean = objective.clean(levels, state, told)
        after = steps.taken(index, state, clean)
        assert torch.allclose(after, scheduler.step(told, timestep, state).prev_sample, rtol=1e-3, atol=1e-4)
        back = steps.behind(index, state.double(), steps.taken(index, state.double(), clean.double()))
        assert torch.allclose(objective.towards(levels, state.double(), back).float(), told, rtol=1e-2, atol=1e-2)


def test_a_training_that_is_cut_off_ends_in_the_same_weights(model: Any, notes: Any, unwatched: Any) -> None:
    whole = train(model, unwatched)
    memory = Memory()
    notes.cancel_at = 2
    with pytest.raises(Cancelled):
        train(model, notes, memory)
    notes.cancel_at = None
    assert train(model, notes, memory) == whole
    assert notes.steps[-2:] == [(3, 4), (4, 4)]
    assert notes.previews[-1].height > 192, "pictures are under the curve"


def test_the_student_ends_nearer_to_the_guided_teacher(
    velocity_model: Any, unwatched: Any, context: TaskContext
) -> None:
    parts = velocity_model.checkpoint
    more = draw(48, size=16, seed=2)
    trained = train(velocity_model, unwatched, dataset=more, steps=50, batch=8, ema=0.9, rate=1e-3)
    assert trained.gain > 0.2
    file = save_weights(trained.weights, "student", half=False, context=context).file
    student = apply_weights(parts.model, parts.text_encoder, file, pool=velocity_model.pool).model
    texts = [encode_text(velocity_model.pool, parts.text_encoder, each) for each in ("a red circle", "")]

    def drawn(ref: Any, steps: int, cfg: float) -> torch.Tensor:
        settings = Sampling(1, steps, cfg, "ddim", "sgm_uniform")
        canvas = empty_latent(ref, 16, 16, 4)
        return sample(velocity_model.pool, ref, texts[0], texts[1], canvas, settings=settings).samples

    teacher = drawn(parts.model, 4, 3.0)
    near, far = ((drawn(ref, 2, 1.0) - teacher).square().mean() for ref in (student, parts.model))
    assert near < far


def test_models_that_predict_a_flow_are_refused(model: Any, unwatched: Any) -> None:
    parts = model.checkpoint
    flow = replace(parts.model, prediction="flow")
    with pytest.raises(NodeError, match="cannot be distilled"):
        distill(flow, parts.text_encoder, parts.vae, CAPTIONS, CAPTIONS, pool=model.pool, context=unwatched)
