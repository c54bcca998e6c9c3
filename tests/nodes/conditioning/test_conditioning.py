"""Conditionings joined, mixed, and bound to places and times."""

from dataclasses import replace
from typing import Any, ClassVar

import pytest
import torch

from graphengine.diffusion.guidance import classifier_free_guidance
from graphengine.diffusion.types.conditioning import Conditioning, ConditioningEntry
from graphengine.diffusion.types.image import Mask
from graphengine.diffusion.types.latent import Latent, LatentSpec
from graphengine.errors import NodeError
from nodes.conditioning.bind import area, mask, strength, time_range
from nodes.conditioning.join import average, combine, concat, zero_out
from nodes.text.schedule import schedule

pytestmark = pytest.mark.torch


def text(level: float, tokens: int = 2) -> Conditioning:
    """A text whose prediction is its level everywhere, see ``predicted``."""
    return Conditioning("flat", (ConditioningEntry(torch.full((1, tokens, 3), level), torch.full((1, 5), level)),))


class Flat:
    """A family that predicts, for each entry, the mean of its embeddings everywhere; it notes how many it was given."""

    name = "flat"

    def __init__(self) -> None:
        self.asked: list[int] = []

    def begin(self, denoiser: Any, entries: Any, **rest: Any) -> Any:
        levels = torch.stack([each.embeddings.mean() for each in entries])

        def predict(latents: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
            self.asked.append(len(levels))
            return levels.reshape(-1, 1, 1, 1, 1).expand(-1, *latents.shape).clone()

        return predict


class Denoiser:
    takes_guidance = False
    scheduler: ClassVar = {"num_train_timesteps": 1000}


def predicted(conditioning: Conditioning, timestep: float = 999, scale: float = 1.0, family: Any = None) -> Any:
    """Return the first channel of a prediction for a latent of 2 rows and 4 columns."""
    family = family or Flat()
    guide = classifier_free_guidance(
        family,
        Denoiser(),
        conditioning,
        text(0.0),
        scale=scale,
        latent=Latent(torch.zeros(1, 4, 2, 4), "flat", LatentSpec()),
        beside=None,  # type: ignore[arg-type]
    )
    return guide(torch.zeros(1, 4, 2, 4), torch.tensor(timestep))[0, 0]


def test_combined_texts_are_averaged_by_their_strengths() -> None:
    both = combine(strength(text(1.0), 3.0), text(2.0))
    assert predicted(both).flatten().tolist() == pytest.approx([1.25] * 8)
    assert predicted(both, scale=2.0).flatten().tolist() == pytest.approx([2.5] * 8)
    with pytest.raises(NodeError, match="'flat' and 'other'"):
        combine(text(1.0), Conditioning("other", text(1.0).entries))


def test_texts_count_in_their_areas() -> None:
    halves = combine(area(text(1.0), width=0.5), area(text(2.0), x=0.5, width=0.5))
    assert predicted(halves).tolist() == [[1, 1, 2, 2]] * 2
    over_all = combine(area(text(3.0), width=0.25, strength=1.0), text(1.0))
    assert predicted(over_all).tolist() == [[2, 1, 1, 1]] * 2
    with pytest.raises(NodeError, match="holds nothing"):
        area(text(1.0), width=0.0)


def test_where_none_counts_all_do() -> None:
    left = combine(area(text(1.0), width=0.25), area(text(3.0), width=0.25))
    assert predicted(left).tolist() == [[2, 2, 2, 2]] * 2
    assert predicted(area(text(5.0), width=0.25)).tolist() == [[5] * 4] * 2, "alone it counts everywhere"


def test_masks_of_any_size_are_soft_and_meet() -> None:
    ramp = Mask(torch.tensor([[[0.0, 0.25, 0.75, 1.0]]]))
    soft = combine(mask(text(1.0), ramp), mask(text(0.0), Mask(1 - ramp.values)))
    assert predicted(soft)[0].tolist() == pytest.approx([0, 0.25, 0.75, 1])
    twice = mask(area(text(1.0), width=0.5), ramp)
    (entry,) = twice.entries
    assert entry.mask is not None
    assert entry.mask.values[0, 0].tolist() == pytest.approx([0, 0.25, 0, 0], abs=0.2)
    with pytest.raises(NodeError, match="2 masks are too many"):
        mask(text(1.0), Mask(torch.ones(2, 1, 4)))


def test_texts_count_in_their_times_and_cost_nothing_else() -> None:
    family = Flat()
    turns = combine(time_range(text(1.0), end=0.5), time_range(text(2.0), start=0.5))
    found = [predicted(turns, when, family=family)[0, 0].item() for when in (999, 501, 499, 0)]
    assert found == [1, 1, 2, 2]
    assert family.asked == [1] * 4
    gap = combine(time_range(text(1.0), end=0.2), time_range(text(3.0), start=0.8))
    assert predicted(gap, 500)[0, 0] == 2
    with pytest.raises(NodeError, match=r"from 0\.5 to 0\.5"):
        time_range(text(1.0), 0.5, 0.5)
    with pytest.raises(NodeError, match=r"from 0\.6 to 1"):
        time_range(time_range(text(1.0), end=0.5), 0.6)


def test_concatenated_and_averaged_texts() -> None:
    long = concat(text(1.0, 2), text(3.0, 4)).entries[0].embeddings
    assert long[0, :, 0].tolist() == [1, 1, 3, 3, 3, 3]
    (entry,) = average(text(1.0, 2), text(3.0, 4), 0.25).entries
    assert entry.embeddings.shape == (1, 4, 3)
    assert entry.embeddings.unique().tolist() == [1.5]
    assert entry.pooled is not None
    assert entry.pooled.unique().tolist() == [1.5]
    with pytest.raises(NodeError, match="has 2 parts"):
        concat(text(1.0), combine(text(1.0), text(2.0)))
    wide = Conditioning("flat", (ConditioningEntry(torch.zeros(1, 2, 4)),))
    with pytest.raises(NodeError, match="different encoders"):
        average(text(1.0), wide)


def test_zeros() -> None:
    (entry,) = zero_out(time_range(text(1.0), end=0.5)).entries
    assert entry.embeddings.abs().max() == 0
    assert entry.pooled is not None
    assert (entry.pooled.abs().max(), entry.end) == (0, 0.5)


def test_an_entry_checks_its_mask_and_time() -> None:
    with pytest.raises(ValueError, match="3 masks do not fit 1"):
        replace(text(1.0).entries[0], mask=Mask(torch.ones(3, 2, 2)))
    with pytest.raises(ValueError, match=r"from 0\.5 to 0\.25"):
        replace(text(1.0).entries[0], start=0.5, end=0.25)


def test_a_schedule_gives_each_prompt_its_time(model: Any) -> None:
    encoder = model.checkpoint.text_encoder
    found = schedule(encoder, "0.75: three\n0: one\n\n0.5: two", pool=model.pool)
    assert [(each.start, each.end) for each in found.entries] == [(0, 0.5), (0.5, 0.75), (0.75, 1)]
    for wrong, message in (("", "no prompt"), ("a: b", "cannot be read"), ("2: b", "read"), ("0: a\n0: b", "same")):
        with pytest.raises(NodeError, match=message):
            schedule(encoder, wrong, pool=model.pool)
