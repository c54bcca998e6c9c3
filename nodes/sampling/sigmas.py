"""Noise levels."""

from typing import Annotated, NamedTuple

import torch
from pydantic import Field

from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.sampling import levels_of
from graphengine.diffusion.schedules import ScheduleName
from graphengine.diffusion.types.custom import Sigmas
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef
from graphengine.errors import NodeError
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Slider

_USUAL = 1024  # pixels along each side

Steps = Annotated[int, Field(ge=1, le=1000), Slider(1, 100, 1)]
Level = Annotated[float, Field(gt=0, le=10_000)]


class Halves(NamedTuple):
    """The first and the rest of some noise levels; the level between is in both."""

    high: Sigmas
    low: Sigmas


@node("sampling.sigmas", category="sampling/custom", title="Sigmas of schedule", lane="gpu")
def sigmas(
    model: ModelRef,
    schedule: ScheduleName = "normal",
    steps: Steps = 20,
    denoise: Annotated[float, Field(ge=0, le=1), Slider(0, 1, 0.01)] = 1.0,
    latent: Latent | None = None,
    *,
    pool: ModelPool = injected,
) -> Sigmas:
    """Make the noise levels that a schedule visits for a model.

    Inputs:
        model: whose training says how much noise there is at most.
        schedule: as for sampling.
        steps: of the whole schedule.
        denoise: less than 1 gives only the last int(steps · denoise) steps.
        latent: what will be sampled. The levels of some models (Flux.1 dev) depend on its size; without one, they are
            those for 1024 × 1024 pixels.

    Errors: no step is left.
    """
    values = levels_of(pool, model, schedule, steps, latent or empty_latent(model, _USUAL, _USUAL))
    left = int(steps * denoise)
    if left == 0:
        raise NodeError(f"of {steps} steps none is left at denoise {denoise:g}")
    return Sigmas(values[-left - 1 :].clone())


@node("sampling.karras_sigmas", category="sampling/custom", title="Karras sigmas")
def karras_sigmas(
    steps: Steps = 20,
    highest: Level = 14.6,
    lowest: Level = 0.03,
    rho: Annotated[float, Field(ge=1, le=100), Slider(1, 12)] = 7.0,
) -> Sigmas:
    """Make noise levels by the formula of Karras, ending with 0.

    Inputs:
        steps: how many.
        highest, lowest: the first level, and the last above 0.
        rho: the larger, the more of the steps are made at low noise.

    Errors: the highest level is not above the lowest.

    Source: Karras et al., Elucidating the Design Space of Diffusion-Based Generative Models (2022), equation 5.
    """
    if highest <= lowest:
        raise NodeError(f"the highest level {highest:g} is not above the lowest {lowest:g}")
    ends = highest ** (1 / rho), lowest ** (1 / rho)
    return Sigmas(torch.cat((torch.linspace(*ends, steps).pow(rho), torch.zeros(1))))


@node("sampling.split_sigmas", category="sampling/custom", title="Split sigmas")
def split_sigmas(sigmas: Sigmas, step: Annotated[int, Field(ge=1)] = 10) -> Halves:
    """Cut noise levels in two after a step, to sample in two stages.

    Inputs:
        sigmas: the noise levels.
        step: how many steps the first part has; the rest belongs to the second.

    Errors: no step is left for the second part.
    """
    steps = len(sigmas.values) - 1
    if step >= steps:
        raise NodeError(f"after step {step} of {steps} nothing is left", hint=f"Cut between 1 and {steps - 1}.")
    return Halves(Sigmas(sigmas.values[: step + 1].clone()), Sigmas(sigmas.values[step:].clone()))
