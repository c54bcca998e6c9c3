"""Samplers: the solvers that walk from noise to a picture, by name.

Each is a scheduler class of diffusers; the table says which and with what options.
"""

import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DEISMultistepScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSinglestepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FlowMatchHeunDiscreteScheduler,
    HeunDiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)

SamplerName = Literal[
    "euler",
    "euler_ancestral",
    "heun",
    "ddim",
    "ddpm",
    "dpmpp_2m",
    "dpmpp_2m_sde",
    "dpmpp_sde",
    "dpmpp_2s",
    "uni_pc",
    "lcm",
    "pndm",
    "lms",
    "deis",
]
SAMPLER_NAMES: tuple[SamplerName, ...] = get_args(SamplerName)


@dataclass(frozen=True, slots=True)
class Sampler:
    """A solver.

    Attributes:
        scheduler: the class of diffusers that implements it.
        summary: what it is, with its source.
        options: what makes the class this sampler.
        sigmas: a class whose noise levels it walks in schedules that its own does not know.
        flow: the class that does the same for models that predict a flow; None if there is none.
        flow_options: what makes that class this sampler; a class that has none takes no other models.
    """

    scheduler: Any
    summary: str
    options: Mapping[str, Any] = field(default_factory=dict)
    sigmas: Any = None
    flow: Any = None
    flow_options: Mapping[str, Any] = field(default_factory=dict)

    def source(self, options: Collection[str]) -> Any:
        """Return the class that makes the noise levels for a schedule with ``options``, or None if none can."""
        kinds = [kind for kind in (self.scheduler, self.sigmas) if kind is not None]
        return next((kind for kind in kinds if set(options) <= inspect.signature(kind).parameters.keys()), None)


_LATENT = {"clip_sample": False}  # pixels end at -1 and 1, latents do not
_FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}

SAMPLERS: Mapping[SamplerName, Sampler] = {
    "euler": Sampler(
        EulerDiscreteScheduler,
        "Euler's method (Karras et al. 2022, algorithm 2 without churn).",
        flow=FlowMatchEulerDiscreteScheduler,
    ),
    "euler_ancestral": Sampler(
        EulerAncestralDiscreteScheduler,
        "Euler's method with fresh noise in every step (K. Crowson's k-diffusion).",
        sigmas=EulerDiscreteScheduler,
    ),
    "heun": Sampler(
        HeunDiscreteScheduler,
        "Heun's method, two evaluations per step (Karras et al. 2022).",
        flow=FlowMatchHeunDiscreteScheduler,
    ),
    "ddim": Sampler(DDIMScheduler, "Denoising diffusion implicit models (Song et al. 2021).", _LATENT),
    "ddpm": Sampler(DDPMScheduler, "Denoising diffusion probabilistic models (Ho et al. 2020).", _LATENT),
    "dpmpp_2m": Sampler(
        DPMSolverMultistepScheduler,
        "DPM-Solver++ of second order, multistep (Lu et al. 2022).",
        {"algorithm_type": "dpmsolver++", "solver_order": 2},
        flow=DPMSolverMultistepScheduler,
        flow_options={"algorithm_type": "dpmsolver++", "solver_order": 2, **_FLOW},
    ),
    "dpmpp_2m_sde": Sampler(
        DPMSolverMultistepScheduler,
        "The stochastic DPM-Solver++ of second order, multistep (Lu et al. 2022).",
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 2},
    ),
    "dpmpp_sde": Sampler(
        DPMSolverSinglestepScheduler,
        "The stochastic DPM-Solver++ of second order, single step (Lu et al. 2022).",
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 2, "lower_order_final": True},
        sigmas=DPMSolverMultistepScheduler,
    ),
    "dpmpp_2s": Sampler(
        DPMSolverSinglestepScheduler,
        "DPM-Solver++ of second order, single step (Lu et al. 2022).",
        {"algorithm_type": "dpmsolver++", "solver_order": 2, "lower_order_final": True},
        sigmas=DPMSolverMultistepScheduler,
    ),
    "uni_pc": Sampler(
        UniPCMultistepScheduler,
        "The unified predictor-corrector (Zhao et al. 2023).",
        flow=UniPCMultistepScheduler,
        flow_options=_FLOW,
    ),
    "lcm": Sampler(LCMScheduler, "Latent consistency models, for models distilled so (Luo et al. 2023).", _LATENT),
    "pndm": Sampler(PNDMScheduler, "Pseudo linear multistep (Liu et al. 2022).", {"skip_prk_steps": True}),
    "lms": Sampler(LMSDiscreteScheduler, "Linear multistep (K. Crowson's k-diffusion)."),
    "deis": Sampler(DEISMultistepScheduler, "Exponential integrators (Zhang & Chen 2023)."),
}

FLOW: tuple[SamplerName, ...] = tuple(name for name, sampler in SAMPLERS.items() if sampler.flow is not None)
"""The samplers for models that predict a flow."""
