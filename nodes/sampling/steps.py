"""Sampling a part of a schedule."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.samplers import SamplerName
from graphengine.diffusion.sampling import Sampling
from graphengine.diffusion.sampling import sample as sample_latent
from graphengine.diffusion.schedules import ScheduleName
from graphengine.diffusion.shrinking import chunk_for
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import FIRST, Attempt, Context
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Slider
from graphengine.types.builtin import Seed
from nodes.sampling.scale import GuidanceScale
from nodes.sampling.watching import watched_by


@node(
    "sampling.steps",
    category="sampling",
    title="Sample from step to step",
    lane="gpu",
    shrinks=3,
    aliases=("KSampler advanced", "Base and refiner", "Start at step", "End at step"),
)
def steps(
    model: ModelRef,
    positive: Conditioning,
    negative: Conditioning,
    latent: Latent,
    seed: Seed = Seed(0),
    steps: Annotated[int, Field(ge=1, le=1000), Slider(1, 100, 1)] = 25,
    start: Annotated[int, Field(ge=0, le=1000), Slider(0, 100, 1)] = 0,
    end: Annotated[int, Field(ge=1, le=1000), Slider(1, 100, 1)] = 20,
    add_noise: bool = True,
    cfg: GuidanceScale = 7.5,
    sampler: SamplerName = "euler",
    schedule: ScheduleName = "normal",
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    attempt: Attempt = FIRST,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Latent:
    """Make some of the steps of a schedule, so that another model can make the others.

    So a base model hands over to its refiner: the first samples from step 0 to 20 of 25, the second from step 20 to 25
    without adding noise, with the text as its own encoder reads it.

    Inputs:
        model: the denoiser.
        positive, negative: what the picture shall and shall not show.
        latent: where it begins.
        seed: of the first picture; each further one of a batch has the next.
        steps: of the whole schedule.
        start: the step with which it begins, from 0; the latent gets as much noise as belongs there.
        end: the step before which it ends; the noise that is left then stays. More than there are is all.
        add_noise: whether noise is added before. Switch it off for a second stage, which goes on with what the first
            has left.
        cfg, sampler, schedule: as for sampling; those of both stages should be equal.

    Outputs:
        latent: where it ends. Still noisy if it ended early, with the variance of a clean one.

    Errors: the end is not above the start, and those of sampling.

    Source: Podell et al., SDXL (2023), section 2.5.
    """
    return sample_latent(
        pool,
        model,
        positive,
        negative,
        latent,
        settings=Sampling(seed, steps, cfg, sampler, schedule, adds_noise=add_noise, first=start, last=min(end, steps)),
        on_step=watched_by(context),
        chunk=chunk_for(attempt.smaller, latent.batch),
        keeper=checkpoints,
    )
