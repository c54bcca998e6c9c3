"""How long generators take for a picture."""

import time
from collections.abc import Callable
from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.samplers import SamplerName
from graphengine.diffusion.sampling import Sampling
from graphengine.diffusion.sampling import sample as sample_latent
from graphengine.diffusion.schedules import ScheduleName
from graphengine.diffusion.training.generator import drawn_noise, generator_from
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef, VaeRef
from graphengine.diffusion.types.trained import Weights
from graphengine.diffusion.vae import decode
from graphengine.errors import NodeError
from graphengine.node.context import Context
from graphengine.node.declare import injected, node

Pictures = Annotated[int, Field(ge=1, le=1024)]


@node("evaluation.sampling_seconds", category="evaluation", title="Seconds per sampled picture", lane="gpu")
def sampling_seconds(
    model: ModelRef,
    positive: Conditioning,
    negative: Conditioning,
    latent: Latent,
    vae: VaeRef,
    steps: Annotated[int, Field(ge=1, le=1000)] = 20,
    cfg: Annotated[float, Field(ge=0, le=100)] = 7.5,
    sampler: SamplerName = "euler",
    schedule: ScheduleName = "normal",
    pictures: Pictures = 4,
    *,
    pool: ModelPool = injected,
    context: Context = injected,
) -> float:
    """Measure how long a diffusion model takes for a picture: sampling and decoding.

    Inputs:
        model, positive, negative, latent, steps, cfg, sampler, schedule: as for sampling.
        vae: of the model.
        pictures: how many times it is measured, after one that does not count: the first loads the weights.

    Outputs:
        value: the median of the seconds, over the pictures of the latent's batch, on this machine and under what else
            it did; a figure that is taken from the cache is of the run that measured it.

    Errors: as for sampling.
    """

    def make(number: int) -> None:
        settings = Sampling(number, steps, cfg, sampler, schedule)
        made = sample_latent(
            pool, model, positive, negative, latent, settings=settings, on_step=lambda *_: context.check()
        )
        decode(pool, vae, made)

    return _median(make, pictures, context) / latent.batch


@node("evaluation.generator_seconds", category="evaluation", title="Seconds per generated picture", lane="gpu")
def generator_seconds(
    weights: Weights, pictures: Pictures = 16, *, pool: ModelPool = injected, context: Context = injected
) -> float:
    """Measure how long a generator that was trained here takes for a picture.

    Inputs:
        weights: of a GAN's generator, or that of a VAE.
        pictures: how many times it is measured, after one that does not count.

    Outputs:
        value: the median of the seconds, on this machine and under what else it did; a figure that is taken from the
            cache is of the run that measured it.

    Errors: the weights are of something else.
    """
    try:
        network = generator_from(weights.tensors, weights.notes).to(pool.device)
    except ValueError as error:
        raise NodeError(str(error), hint="Link a generator.") from error
    tags = torch.zeros(1, len(network.form.tags), device=pool.device)

    def make(number: int) -> None:
        network(drawn_noise(np.random.default_rng(number), 1, pool.device), tags).cpu()

    with torch.inference_mode(), memory_guard("generating pictures"):
        return _median(make, pictures, context)


def _median(make: Callable[[int], None], times: int, context: Context) -> float:
    """Return the median of the seconds that a call takes, of all but the first."""
    taken = []
    for number in range(times + 1):
        begin = time.perf_counter()
        make(number)
        taken.append(time.perf_counter() - begin)
        context.progress(number, times)
    return float(np.median(taken[1:]))
