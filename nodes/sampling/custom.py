"""Sampling by parts that are chosen one by one."""

from graphengine.diffusion.guiders import mix_of
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.sampling import Sampling
from graphengine.diffusion.sampling import sample as sample_latent
from graphengine.diffusion.shrinking import chunk_for
from graphengine.diffusion.types.custom import Guider, NoiseRef, SamplerRef, Sigmas
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import FIRST, Attempt, Context
from graphengine.node.declare import injected, node
from nodes.sampling.watching import watched_by


@node("sampling.custom", category="sampling/custom", title="Custom sampling", lane="gpu", shrinks=3)
def custom(
    model: ModelRef,
    noise: NoiseRef,
    guider: Guider,
    sampler: SamplerRef,
    sigmas: Sigmas,
    latent: Latent,
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    attempt: Attempt = FIRST,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Latent:
    """Denoise a latent along noise levels, with noise, guider and sampler of one's choice.

    Inputs:
        model: the denoiser.
        noise: where noise comes from, and whether it is added before.
        guider: the texts, and how predictions for them are made one.
        sampler: the solver.
        sigmas: the noise levels, the first of which the latent gets, or has; from the highest nothing of the latent
            remains.
        latent: where it begins.

    Outputs:
        latent: where it ends. If the last level is above 0 it is still noisy, with the variance of a clean one, and a
            second stage that adds no noise goes on there.

    Errors: the latent or a text is of another kind of model, or the sampler cannot walk these levels.
    """
    return sample_latent(
        pool,
        model,
        guider.positive,
        guider.negative,
        latent,
        settings=Sampling(
            noise.seed,
            steps=len(sigmas.values) - 1,
            guidance=guider.scale,
            sampler=sampler.name,
            sigmas=sigmas.values,
            adds_noise=noise.adds,
            mix=mix_of(guider.kind, guider.scale, guider.amount),
            weakenings=guider.weakenings,
        ),
        on_step=watched_by(context),
        chunk=chunk_for(attempt.smaller, latent.batch),
        keeper=checkpoints,
    )
