"""Sampling a latent."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.samplers import SamplerName
from graphengine.diffusion.sampling import Sampling
from graphengine.diffusion.sampling import sample as sample_latent
from graphengine.diffusion.schedules import ScheduleName
from graphengine.diffusion.shrinking import chunk_for
from graphengine.diffusion.together import Wish, sample_together
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import FIRST, Attempt, Context, SharedContext
from graphengine.node.declare import injected, node
from graphengine.node.together import Together
from graphengine.node.widgets import Slider
from graphengine.types.builtin import Seed
from nodes.sampling.scale import GuidanceScale
from nodes.sampling.watching import look, watched_by


def sample_all(
    model: ModelRef,
    positive: list[Conditioning],
    negative: list[Conditioning],
    latent: list[Latent],
    seed: list[Seed],
    steps: int,
    cfg: float,
    sampler: SamplerName,
    schedule: ScheduleName,
    denoise: float,
    *,
    pool: ModelPool,
    context: SharedContext,
    attempt: Attempt,
    checkpoints: Checkpoints,
) -> list[Latent]:
    """Sample several latents in batches of those that fit each other."""
    del attempt, checkpoints  # only first attempts are made together, and next time perhaps others

    def on_step(step: int, total: int, pictures: Mapping[int, Callable[[], Image]]) -> None:
        context.progress(step, total)
        for index, picture in pictures.items():
            context.calls[index].preview(partial(look, picture))

    settings = Sampling(0, steps, cfg, sampler, schedule, denoise)
    wishes = [Wish(*each) for each in zip(positive, negative, latent, seed, strict=True)]
    return sample_together(pool, model, wishes, settings=settings, on_step=on_step)


@node(
    "sampling.sample",
    category="sampling",
    lane="gpu",
    shrinks=3,
    together=Together(("positive", "negative", "latent", "seed"), sample_all),
    aliases=("KSampler", "Sampler", "Denoise", "Generate"),
)
def sample(
    model: ModelRef,
    positive: Conditioning,
    negative: Conditioning,
    latent: Latent,
    seed: Seed = Seed(0),
    steps: Annotated[int, Field(ge=1, le=1000), Slider(1, 100, 1)] = 20,
    cfg: GuidanceScale = 7.5,
    sampler: SamplerName = "euler",
    schedule: ScheduleName = "normal",
    denoise: Annotated[float, Field(ge=0, le=1), Slider(0, 1, 0.01)] = 1.0,
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    attempt: Attempt = FIRST,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Latent:
    """Denoise a latent step by step into what the texts say.

    Inputs:
        model: the denoiser, of pictures or of videos.
        positive, negative: what the picture shall and shall not show.
        latent: an empty one for text-to-image, an encoded picture for image-to-image; a mask on it keeps the rest.
        seed: of the first picture; each further one of a batch has the next. Equal inputs give equal pictures.
        steps: how finely the way is cut; some samplers evaluate the model twice per step.
        cfg: the guidance scale; 1 is none, and then the negative text is not computed. Models that were distilled with
            guidance (Flux.1 dev) take it as an input, and look at no negative text; those distilled without (Flux.1
            schnell) want 1.
        sampler, schedule: the solver, and the noise levels it visits.
        denoise: 1 starts from pure noise; less keeps more of the latent: int(steps · denoise) steps are made.

    Outputs:
        latent: the samples, in the form of the latent that came in.

    Errors: the latent or a text is of another kind of model, or the sampler has no such schedule, or is not for models
    that predict a flow (Flux.1, SD 3, Wan), which take euler, heun, dpmpp_2m and uni_pc.

    Source: Ho & Salimans, Classifier-Free Diffusion Guidance (2022).
    """
    settings = Sampling(seed, steps, cfg, sampler, schedule, denoise)
    chunk = chunk_for(attempt.smaller, latent.batch)
    return sample_latent(
        pool,
        model,
        positive,
        negative,
        latent,
        settings=settings,
        on_step=watched_by(context),
        chunk=chunk,
        keeper=checkpoints,
    )
