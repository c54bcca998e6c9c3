"""Schedules: which noise levels a sampler visits, by name, and the making of a scheduler from both."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from graphengine.diffusion.samplers import FLOW, SAMPLERS, Sampler, SamplerName
from graphengine.errors import NodeError
from graphengine.models.prediction import Prediction

ScheduleName = Literal["normal", "karras", "exponential", "beta", "sgm_uniform"]
SCHEDULE_NAMES: tuple[ScheduleName, ...] = get_args(ScheduleName)

_OPTIONS: Mapping[ScheduleName, Mapping[str, Any]] = {
    "normal": {},  # as the model's own configuration says
    "karras": {"use_karras_sigmas": True},  # Karras et al. 2022, equation 5
    "exponential": {"use_exponential_sigmas": True},  # evenly spaced logarithms
    "beta": {"use_beta_sigmas": True},  # quantiles of a beta distribution, Lee et al. 2024
    "sgm_uniform": {"timestep_spacing": "trailing"},  # evenly spaced up to the last, Lin et al. 2024
}
_OFF = {"use_karras_sigmas": False, "use_exponential_sigmas": False, "use_beta_sigmas": False}


@dataclass(frozen=True, slots=True)
class Timing:
    """What decides about the noise levels of flow models beside the configuration of their training.

    Attributes:
        even: whether the levels before any shift are evenly spaced from 1 to 1 / steps, and not to the last trained.
        shift: how far levels are moved towards noise, in the logarithm, where the configuration leaves that to the size
            of the picture (Esser et al. 2024, section 5.3).
        own: whether solvers that know levels of flows visit their own in the normal schedule, and not those of Euler's
            method.
    """

    even: bool = False
    shift: float | None = None
    own: bool = False


def supported_schedules(sampler: SamplerName, prediction: Prediction = "epsilon") -> tuple[ScheduleName, ...]:
    """Return the schedules that ``sampler`` can walk for models that predict so."""
    if prediction == "flow":
        known = inspect.signature(FlowMatchEulerDiscreteScheduler).parameters.keys()
        return tuple(name for name, options in _OPTIONS.items() if set(options) <= known)
    return tuple(name for name, options in _OPTIONS.items() if SAMPLERS[sampler].source(options) is not None)


def make_scheduler(
    config: Mapping[str, Any],
    *,
    prediction: Prediction,
    sampler: SamplerName,
    schedule: ScheduleName,
    steps: int,
    device: torch.device,
    timing: Timing = Timing(),
) -> Any:
    """Make a fresh scheduler with its timesteps set; schedulers carry the state of one sampling.

    Args:
        config: the noise schedule of the model's training, as diffusers writes it.
        prediction: what the model predicts.
        sampler: the solver.
        schedule: the noise levels it visits.
        steps: how many steps, from 1.
        device: where the sampling runs.
        timing: what else a flow model's family says.

    Raises:
        NodeError: the sampler is not for such models, or cannot walk that schedule, or not in so many steps.
    """
    _check_sampler(sampler, prediction)
    works = supported_schedules(sampler, prediction)
    if schedule not in works:
        raise NodeError(
            f"the sampler {sampler} has no schedule {schedule} for this model",
            hint=f"{sampler} works with {', '.join(works)}.",
        )
    chosen, options = SAMPLERS[sampler], _OPTIONS[schedule]
    try:
        if prediction == "flow":
            return _build_flow(chosen, config, options, steps, device, timing)
        return _build(chosen, {**config, "prediction_type": prediction}, options, steps, device)
    except ValueError as error:
        raise NodeError(f"the sampler {sampler} cannot take {steps} steps: {error}") from error


CUSTOM: tuple[SamplerName, ...] = ("euler", "euler_ancestral", "dpmpp_2m", "dpmpp_2m_sde", "uni_pc", "lms")
"""The samplers that can walk any noise levels of models that predict noise or velocity; of flow models, all can."""


def make_scheduler_for(
    config: Mapping[str, Any], sigmas: Tensor, *, prediction: Prediction, sampler: SamplerName, device: torch.device
) -> Any:
    """Make a fresh scheduler that walks ``sigmas`` [steps + 1]; the rest is as for :func:`make_scheduler`.

    Raises:
        NodeError: the sampler walks only the schedules of its own, or the levels are not those of a flow.
    """
    _check_sampler(sampler, prediction)
    if prediction == "flow":
        return _walk_flow(SAMPLERS[sampler], config, sigmas, device)
    if sampler not in CUSTOM:
        raise NodeError(
            f"the sampler {sampler} walks only schedules of its own", hint=f"Choose one of {', '.join(CUSTOM)}."
        )
    steps = len(sigmas) - 1
    trained = {**config, "prediction_type": prediction}
    scheduler = _make(SAMPLERS[sampler].scheduler, trained, SAMPLERS[sampler].options, steps, device)
    scheduler.sigmas = sigmas.clone()  # on the CPU, as the classes keep them
    scheduler.timesteps = timesteps_of(sigmas[:-1], scheduler.alphas_cumprod.cpu()).to(device)
    scheduler.num_inference_steps = steps
    return scheduler


def _check_sampler(sampler: SamplerName, prediction: Prediction) -> None:
    if prediction == "flow" and sampler not in FLOW:
        raise NodeError(
            f"the sampler {sampler} is not for models that predict a flow", hint=f"Choose one of {', '.join(FLOW)}."
        )


def timesteps_of(sigmas: Tensor, alphas_cumprod: Tensor) -> Tensor:
    """Return the timesteps, between those that were trained, at which a model knows the noise levels ``sigmas``.

    Between two trained levels the logarithm is interpolated (K. Crowson's k-diffusion).
    """
    levels = ((1 - alphas_cumprod.double()) / alphas_cumprod.double().clamp_min(1e-12)).sqrt().log()
    wanted = sigmas.double().clamp_min(1e-10).log()
    above = torch.searchsorted(levels.contiguous(), wanted).clamp(1, len(levels) - 1)
    low, high = levels[above - 1], levels[above]
    return (above - 1 + ((wanted - low) / (high - low)).clamp(0, 1)).float()


def _build(
    chosen: Sampler, trained: Mapping[str, Any], options: Mapping[str, Any], steps: int, device: torch.device
) -> Any:
    source = chosen.source(options)
    if source is chosen.scheduler:
        return _make(source, trained, {**chosen.options, **options}, steps, device)
    scheduler = _make(chosen.scheduler, trained, chosen.options, steps, device)
    levels = _make(source, trained, options, steps, device)
    scheduler.sigmas, scheduler.timesteps = levels.sigmas, levels.timesteps  # only how it steps is its own
    return scheduler


def _build_flow(
    chosen: Sampler,
    trained: Mapping[str, Any],
    options: Mapping[str, Any],
    steps: int,
    device: torch.device,
    timing: Timing,
) -> Any:
    if timing.own and chosen.flow_options and not options:
        scheduler = _flow_solver(chosen, trained)
        scheduler.set_timesteps(steps, device=device)
        return scheduler
    levels = FlowMatchEulerDiscreteScheduler.from_config(dict(trained), **{**_OFF, **options})
    even = np.linspace(1.0, 1 / steps, steps) if timing.even else None
    levels.set_timesteps(steps, device=device, sigmas=even, mu=timing.shift)
    return _along(chosen, trained, levels)


def _walk_flow(chosen: Sampler, trained: Mapping[str, Any], sigmas: Tensor, device: torch.device) -> Any:
    if sigmas[0] > 1:
        raise NodeError(
            f"the noise level {float(sigmas[0]):g} is more than 1, which is all noise for a model that predicts a flow",
            hint="Make the levels with 'Sigmas of schedule' for this model.",
        )
    levels = FlowMatchEulerDiscreteScheduler.from_config(dict(trained), **_OFF)
    levels.sigmas = sigmas.clone().to(device)
    levels.timesteps = levels.sigmas[:-1] * levels.config.num_train_timesteps
    levels.num_inference_steps = len(sigmas) - 1
    return _along(chosen, trained, levels)


def _along(chosen: Sampler, trained: Mapping[str, Any], levels: Any) -> Any:
    """Make a scheduler that walks the levels of another."""
    if chosen.flow is FlowMatchEulerDiscreteScheduler:
        return levels
    return _after(chosen, trained, levels) if chosen.flow_options else _twice(chosen, trained, levels)


def _flow_solver(chosen: Sampler, trained: Mapping[str, Any]) -> Any:
    config = {**trained, "flow_shift": trained.get("shift", 1.0), "use_dynamic_shifting": False}
    config.pop("shift", None)  # another class's word
    return chosen.flow.from_config(config, **{**_OFF, **chosen.flow_options})


def _after(chosen: Sampler, trained: Mapping[str, Any], levels: Any) -> Any:
    """Make a scheduler of several steps that walks the levels of another.

    It takes logarithms of how much of the picture is there, which must be something at the first level.
    """
    scheduler = _flow_solver(chosen, trained)
    scheduler.set_timesteps(levels.num_inference_steps, device=levels.timesteps.device)
    scheduler.sigmas = levels.sigmas.float().cpu().clamp(max=1 - 1e-6)
    scheduler.timesteps = levels.timesteps
    return scheduler


def _twice(chosen: Sampler, trained: Mapping[str, Any], levels: Any) -> Any:
    """Make a scheduler of second order that walks the levels of another: it visits all but the ends twice.

    A last level above 0 is visited, too: without noise there is nothing to predict.
    """
    scheduler = chosen.flow.from_config(dict(trained))
    scheduler.set_timesteps(levels.num_inference_steps)
    sigmas = levels.sigmas
    ends = sigmas[-1:].repeat(2 if sigmas[-1] > 0 else 1)
    scheduler.sigmas = torch.cat([sigmas[:1], sigmas[1:-1].repeat_interleave(2), ends])
    scheduler.timesteps = scheduler.sigmas[:-1].to(levels.timesteps) * levels.config.num_train_timesteps
    return scheduler


def _make(kind: Any, trained: Mapping[str, Any], options: Mapping[str, Any], steps: int, device: torch.device) -> Any:
    known = inspect.signature(kind).parameters
    off = {name: value for name, value in _OFF.items() if name in known}  # a model's own wish yields to the node's
    scheduler = kind.from_config(dict(trained), **{**off, **options})
    scheduler.set_timesteps(steps, device=device)
    return scheduler
