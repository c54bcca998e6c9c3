"""The parts of a sampling: noise, sampler and guider."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.samplers import SamplerName
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.custom import Guider, GuiderKind, NoiseRef, SamplerRef
from graphengine.node.declare import node
from graphengine.node.widgets import Slider
from graphengine.types.builtin import Seed


@node("sampling.noise", category="sampling/custom")
def noise(seed: Seed = Seed(0), add: bool = True) -> NoiseRef:
    """Say where the noise of a sampling comes from.

    Inputs:
        seed: of the first picture; each further one of a batch has the next.
        add: whether noise is added before the first step. Switch it off for a second stage, which goes on with the
            noise that the first has left; its seed then only serves samplers that draw noise in every step.
    """
    return NoiseRef(seed, add)


@node("sampling.sampler", category="sampling/custom")
def sampler(name: SamplerName = "dpmpp_2m") -> SamplerRef:
    """Choose a sampler: the solver that walks from one noise level to the next.

    Inputs:
        name: those that can walk any noise levels are euler, euler_ancestral, dpmpp_2m, dpmpp_2m_sde, uni_pc and
            lms.
    """
    return SamplerRef(name)


@node("sampling.guider", category="sampling/custom")
def guider(
    positive: Conditioning,
    negative: Conditioning,
    scale: Annotated[float, Field(ge=0, le=100), Slider(1, 20, 0.1)] = 7.5,
    kind: GuiderKind = "cfg",
    amount: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 0.7,
) -> Guider:
    """Say how the predictions for two texts are made one.

    Inputs:
        positive, negative: what the picture shall and shall not show.
        scale: how far away from the negative one; 1 is none, and then it is not computed.
        kind: ``cfg`` is classifier-free guidance. The others stand high scales better: ``cfg_rescale`` keeps the
            contrast, ``apg`` weakens what only makes colours stronger, ``cfg_zero_star`` brings both predictions to
            one size, ``tcfg`` takes from the negative one what both do not share, and ``magnitude`` guides less where
            the two differ much.
        amount: of what ``cfg_rescale``, ``apg`` and ``magnitude`` do, 0 (nothing) to 1; the others have none.

    Source: Ho & Salimans (2022); Lin et al. (2024); Sadat et al. (2025); Fan et al. (2025); Kwon et al.
        (2025); MAMBO-G (2025).
    """
    return Guider(positive, negative, scale, kind, amount)
