"""From text to text: the ends are the texts themselves, and the way between is even."""

import pytest
import torch

from graphengine.diffusion.types.conditioning import Conditioning, ConditioningEntry
from graphengine.errors import NodeError
from nodes.conditioning.travel import travel

pytestmark = pytest.mark.torch


def text(value: float, tokens: int = 3, family: str = "sd", entries: int = 1) -> Conditioning:
    entry = ConditioningEntry(torch.full((1, tokens, 2), float(value)), torch.full((1, 4), -float(value)))
    return Conditioning(family, (entry,) * entries)


def values(found: list[Conditioning]) -> list[float]:
    return [round(float(each.entries[0].embeddings[0, 0, 0]), 3) for each in found]


def test_the_ends_and_the_stops_are_the_texts_themselves() -> None:
    keys = [text(0), text(1), text(3)]
    found = travel(keys, 5)
    assert values(found) == [0, 0.5, 1, 2, 3]
    assert [found[0] is keys[0], found[2] is keys[1], found[4] is keys[2]] == [True] * 3
    assert found[3].entries[0].pooled is not None
    assert torch.equal(found[3].entries[0].pooled, torch.full((1, 4), -2.0))


def test_a_loop_comes_back_and_does_not_repeat_its_beginning() -> None:
    assert values(travel([text(0), text(1)], 4, loop=True)) == [0, 0.5, 1, 0.5]


def test_smooth_stays_longer_at_the_texts() -> None:
    found = values(travel([text(0), text(1)], 5, easing="smooth"))
    assert found == [0, 0.156, 0.5, 0.844, 1]


def test_one_text_or_one_frame() -> None:
    assert values(travel([text(2)], 3)) == [2, 2, 2]
    assert values(travel([text(2), text(4)], 1)) == [2]


def test_texts_of_different_length_meet_where_both_fit() -> None:
    found = travel([text(0, 2), text(1, 3)], 3)
    assert found[1].entries[0].embeddings.shape == (1, 6, 2)
    assert found[0].entries[0].embeddings.shape == (1, 2, 2)
    query, short = torch.randn(1, 5, 2), torch.randn(1, 2, 2)
    attention = torch.nn.functional.scaled_dot_product_attention
    repeated = short.repeat(1, 3, 1)
    assert torch.allclose(attention(query, short, short), attention(query, repeated, repeated), atol=1e-6)


def test_predictions_fade() -> None:
    (_, middle, _, _, _) = travel([text(0, entries=2), text(1)], 5, way="predictions")
    assert [each.strength for each in middle.entries] == [0.375, 0.375, 0.25]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(NodeError, match="no conditioning"):
        travel([], 3)
    with pytest.raises(NodeError, match="different models"):
        travel([text(0), text(1, family="other")], 3)
    with pytest.raises(NodeError, match="1 and 2 entries"):
        travel([text(0), text(1, entries=2)], 3)
