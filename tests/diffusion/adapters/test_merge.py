"""Merged models: between two of one kind, and neither is changed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import as_file, make_pipeline

from graphengine.diffusion.families.table import Checkpoint, open_checkpoint
from graphengine.errors import ModelRefused, NodeError
from nodes.adapter.merge import merge, merge_blocks, merge_text_encoders

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """Another model of the same kind."""
    path = tmp_path_factory.mktemp("other") / "other"
    pipeline = make_pipeline()
    source = torch.Generator().manual_seed(9)
    for module in (pipeline.unet, pipeline.text_encoder):
        for weight in module.parameters():
            weight.data = torch.randn(weight.shape, generator=source) * 0.1
    pipeline.save_pretrained(path)
    return open_checkpoint(as_file(path))


def weights(model: Any, ref: Any) -> dict[str, torch.Tensor]:
    with model.pool.use(ref) as loaded:
        return {name: tensor.clone() for each in loaded.modules for name, tensor in each.named_parameters()}


def test_each_weight_is_between(model: Any, other: Checkpoint) -> None:
    one, two = model.checkpoint, other
    assert one.model is not None
    for ref, towards, node in (
        (one.model, two.model, merge),
        (one.text_encoder, two.text_encoder, merge_text_encoders),
    ):
        first, second = weights(model, ref), weights(model, towards)
        for amount in (0.25, 1.0):
            mixed = weights(model, node(ref, towards, amount))
            assert mixed.keys() == first.keys()
            assert all(torch.equal(mixed[name], torch.lerp(first[name], second[name], amount)) for name in mixed)
        assert all(torch.equal(mixed[name], second[name]) for name in mixed), "amount 1 is the other, to the bit"
        assert node(ref, towards, 0.0) is ref
        assert all(torch.equal(tensor, first[name]) for name, tensor in weights(model, ref).items())


def test_blocks_have_amounts_of_their_own(model: Any, other: Checkpoint) -> None:
    assert other.model is not None
    ref = model.checkpoint.model
    first, second = weights(model, ref), weights(model, other.model)
    mixed = weights(model, merge_blocks(ref, other.model, down=0.0, middle=1.0, up=0.5, rest=0.0))
    amounts = {"down": 0.0, "mid": 1.0, "up": 0.5}
    for name, tensor in mixed.items():
        assert torch.equal(tensor, torch.lerp(first[name], second[name], amounts.get(name.split("_")[0], 0.0))), name
    assert merge_blocks(ref, other.model, 0.0, 0.0, 0.0, 0.0) is ref
    model.pool.clear()
    with model.pool.use(ref) as base, model.pool.use(merge_blocks(ref, other.model, 0.0, 1.0, 0.0, 0.0)) as part:
        assert part.module.down_blocks[0].resnets[0].conv1.weight is base.module.down_blocks[0].resnets[0].conv1.weight
        assert part.module.mid_block.resnets[0].conv1.weight is not base.module.mid_block.resnets[0].conv1.weight


def test_what_is_of_another_kind_is_refused(
    model: Any, other: Checkpoint, make_model: Callable[..., Any], tmp_path: Path
) -> None:
    assert other.model is not None
    ref = model.checkpoint.model
    with pytest.raises(NodeError, match="cannot be merged"):
        merge(ref, replace(other.model, variant="sd2"))
    with pytest.raises(NodeError, match="one model predicts epsilon"):
        merge(ref, replace(other.model, prediction="v_prediction"))
    with pytest.raises(NodeError, match="changed by adapters"):
        merge(ref, merge(other.model, ref))
    larger = make_model(block_out_channels=(24, 48)).checkpoint.model
    with pytest.raises(ModelRefused, match="built differently"):
        weights(model, merge(ref, larger))
