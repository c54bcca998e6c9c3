"""Guidance: several predictions made one. It wraps the denoiser; samplers never see it."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from graphengine.diffusion.families.family import Family, Predict
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.types.conditioning import Conditioning, ConditioningEntry
from graphengine.diffusion.types.latent import Latent
from graphengine.errors import NodeError

Denoise = Callable[[Tensor, Tensor], Tensor]
"""From noisy latents [batch, channels, height, width] and a timestep to one prediction of the same shape."""

Entries = tuple[ConditioningEntry, ...]

Mix = Callable[[Tensor, Tensor], Tensor]
"""From the predictions for what is not wanted and for what is wanted to one."""

Push = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From noisy latents, a timestep and the prediction for what is wanted to what is added to that which is made of it."""

_NOTHING = 1e-6  # a weight below which no entry counts at a place


def classifier_free_guidance(
    family: Family,
    denoiser: Denoiser,
    positive: Conditioning,
    negative: Conditioning,
    *,
    scale: float,
    latent: Latent,
    beside: Tensor | None,
    mix: Mix | None = None,
    push: Push | None = None,
) -> Denoise:
    """Push predictions away from the negative conditioning (Ho & Salimans 2022).

    prediction = negative + scale · (positive - negative), both from one forward of the network. At scale 1 that is the
    positive prediction and the negative one is not computed; nor is it for models that take the scale as an input,
    unless the positive conditioning brings what they are told: then ``scale`` is beside that.
    ``latent`` and ``beside`` are as for :meth:`~graphengine.diffusion.families.family.Family.begin`.

    Args:
        mix: makes one prediction of both in another way; at scale 1 it is not asked.
        push: what it returns is added in the end.

    Raises:
        NodeError: a conditioning is of another family.
    """
    _check_kin(family, positive, negative)
    mean = _Mean()
    told = next((each.guidance for each in positive.entries if each.guidance is not None), None)
    distilled = denoiser.takes_guidance and told is None
    against = () if scale == 1 or distilled else negative.entries
    trained = int(denoiser.scheduler.get("num_train_timesteps", 1000))
    limited = any((each.start, each.end) != (0, 1) for each in (*against, *positive.entries))
    begun: dict[tuple[int, ...], Predict] = {}

    def predict(entries: Entries, unwanted: int, latents: Tensor, timestep: Tensor) -> Tensor:
        key = (unwanted, *map(id, entries))
        if key not in begun:
            inner = scale if told is None else told
            begun[key] = family.begin(
                denoiser, entries, latent=latent, guidance=inner, beside=beside, unwanted=unwanted
            )
        return begun[key](latents, timestep)

    def denoise(latents: Tensor, timestep: Tensor) -> Tensor:
        unwanted, wanted = against, positive.entries
        if limited:
            done = 1 - float(timestep) / trained
            unwanted, wanted = _counting(unwanted, done), _counting(wanted, done)
        rows = predict((*unwanted, *wanted), len(unwanted), latents, timestep)
        towards = mean(rows[len(unwanted) :], wanted)
        guided = towards
        if unwanted:
            away = mean(rows[: len(unwanted)], unwanted)
            guided = away + scale * (towards - away) if mix is None else mix(away, towards)
        return guided if push is None else guided + push(latents, timestep, towards)

    return denoise


def wanted_prediction(
    family: Family, denoiser: Denoiser, positive: Conditioning, *, scale: float, latent: Latent, beside: Tensor | None
) -> Denoise:
    """Return what a denoiser predicts for the positive conditioning alone; see :func:`classifier_free_guidance`.

    ``scale`` is that of the guidance, for models that take it as an input.
    """
    told = any(each.guidance is not None for each in positive.entries)
    inner = scale if denoiser.takes_guidance and not told else 1.0
    return classifier_free_guidance(family, denoiser, positive, positive, scale=inner, latent=latent, beside=beside)


def _check_kin(family: Family, *conditionings: Conditioning) -> None:
    """Refuse texts that were encoded for models of another family."""
    for conditioning in conditionings:
        if conditioning.family != family.name:
            raise NodeError(
                f"the text was encoded for {conditioning.family!r}, the model is of {family.name!r}",
                hint="Encode the text with the text encoder of the same model.",
            )


def _counting(entries: Entries, done: float) -> Entries:
    """Return the entries that count when ``done`` of the way is done; if none does, all."""
    return tuple(each for each in entries if each.counts(done)) or entries


class _Mean:
    """Averages predictions; how much each counts where is worked out once, and not at every step."""

    def __init__(self) -> None:
        self._shares: dict[tuple[int, ...], tuple[Tensor, Tensor | None]] = {}

    def __call__(self, rows: Tensor, entries: Entries) -> Tensor:
        """Average predictions of shape [entries, batch, …] by the strengths of their entries, and where they count."""
        if len(entries) == 1:
            return rows[0]
        key = (*map(id, entries), *rows.shape)  # a conditioning holds its entries as long as this lives
        if key not in self._shares:
            self._shares[key] = _shares(rows, entries)
        strengths, weights = self._shares[key]
        everywhere = torch.einsum("e,e...->...", strengths / strengths.sum(), rows)
        if weights is None:
            return everywhere
        total = weights.sum(0)
        return torch.where(total > _NOTHING, (weights * rows).sum(0) / total.clamp_min(_NOTHING), everywhere)


def _shares(rows: Tensor, entries: Entries) -> tuple[Tensor, Tensor | None]:
    """Return the strengths of entries, and how much each counts at each place; None if all count everywhere."""
    strengths = torch.tensor([entry.strength for entry in entries], device=rows.device)
    if all(entry.mask is None for entry in entries):
        return strengths, None
    places = torch.stack([_place(entry, rows) for entry in entries])
    return strengths, strengths.reshape(-1, *(1,) * (rows.ndim - 1)) * places


def _place(entry: ConditioningEntry, rows: Tensor) -> Tensor:
    """Return where an entry counts, in cells of predictions [entries, batch, channels, …, height, width]."""
    if entry.mask is None:
        cells = torch.ones(1, 1, *rows.shape[-2:])
    else:
        cells = functional.interpolate(entry.mask.values.unsqueeze(1), size=rows.shape[-2:], mode="area")
    cells = cells.expand(rows.shape[1], -1, -1, -1).to(rows)
    return cells.unsqueeze(2) if rows.ndim == 6 else cells
