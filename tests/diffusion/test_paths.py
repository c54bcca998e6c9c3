"""Between picture and noise: what is mixed can be taken apart again."""

from typing import Any

import pytest
import torch

from graphengine.diffusion.paths import path_of
from graphengine.diffusion.samplers import FLOW, SamplerName
from graphengine.diffusion.schedules import CUSTOM, make_scheduler
from graphengine.models.prediction import Prediction

pytestmark = pytest.mark.torch

NOISE: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
CASES: list[tuple[Prediction, SamplerName]] = [
    *(("epsilon", name) for name in CUSTOM),
    *(("v_prediction", name) for name in CUSTOM),
    *(("flow", name) for name in FLOW),
]


def made(prediction: Prediction, sampler: SamplerName) -> Any:
    config = {"shift": 3.0} if prediction == "flow" else NOISE
    return make_scheduler(
        config, prediction=prediction, sampler=sampler, schedule="normal", steps=8, device=torch.device("cpu")
    )


@pytest.mark.parametrize(("prediction", "sampler"), CASES)
def test_a_network_that_is_right_tells_the_picture(prediction: Prediction, sampler: SamplerName) -> None:
    scheduler = made(prediction, sampler)
    path = path_of(scheduler, prediction)
    source = torch.Generator().manual_seed(0)
    clean, noise = torch.randn(2, 4, 8, 8, generator=source), torch.randn(2, 4, 8, 8, generator=source)
    scheduler.set_begin_index(4)
    moment = scheduler.timesteps[4]
    state = path.noised(clean, noise, moment[None])
    seen = path.seen(state, moment)
    if prediction == "flow":
        right = noise - clean
    elif prediction == "epsilon":
        right = noise
    else:
        alpha = scheduler.alphas_cumprod[int(moment)]
        right = alpha.sqrt() * noise - (1 - alpha).sqrt() * clean
    assert torch.allclose(path.clean(seen, right, moment), clean, atol=0.02)


@pytest.mark.parametrize(("prediction", "sampler"), CASES)
def test_a_state_on_a_link_has_the_variance_of_a_clean_one(prediction: Prediction, sampler: SamplerName) -> None:
    scheduler = made(prediction, sampler)
    path = path_of(scheduler, prediction)
    source = torch.Generator().manual_seed(0)
    clean, noise = (torch.randn(1, 4, 64, 64, generator=source) for _ in range(2))
    scheduler.set_begin_index(3)
    state = path.noised(clean, noise, scheduler.timesteps[3:4])
    spread = float((state / path.stretch(float(scheduler.sigmas[3]))).std())
    assert 0.65 < spread < 1.05  # on the straight line of a flow it is less between the ends


@pytest.mark.parametrize(("prediction", "sampler"), CASES)
def test_the_first_level_is_all_noise(prediction: Prediction, sampler: SamplerName) -> None:
    scheduler = made(prediction, sampler)
    path = path_of(scheduler, prediction)
    noise = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(0))
    last = torch.tensor(1000.0 if prediction == "flow" else 999.0)
    assert path.is_noise(last)
    assert not path.is_noise(last - 2)
    seen = path.seen(path.begun(noise), scheduler.timesteps[0])
    assert 0.9 < float(seen.std()) < 1.1
