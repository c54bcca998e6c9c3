"""Merged models: between two of one kind, and neither is changed."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tiny_families import Tiny, make_sd3
from tiny_models import as_file, make_pipeline

from graphengine.diffusion.families.sd import StableDiffusion
from graphengine.diffusion.families.table import FAMILIES, Checkpoint, open_checkpoint
from graphengine.diffusion.loaded import Loaded
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.refs import Patch, WeightsRef
from graphengine.errors import ModelRefused, NodeError
from graphengine.models.source import Source
from nodes.adapter.embedding import embedding
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


def test_a_weight_that_stands_in_several_places_is_moved_in_all(third: Tiny, tmp_path: Path) -> None:
    pipeline = make_sd3()
    source = torch.Generator().manual_seed(9)
    for weight in pipeline.text_encoder_3.parameters():
        weight.data = torch.randn(weight.shape, generator=source) * 0.1
    pipeline.save_pretrained(tmp_path / "other")
    ref, towards = third.checkpoint.text_encoder, open_checkpoint(as_file(tmp_path / "other")).text_encoder
    assert ref is not None
    assert towards is not None
    with third.pool.use(towards) as wanted, third.pool.use(merge_text_encoders(ref, towards, 1.0)) as mixed:
        tokens = torch.tensor([[3, 5, 1]])
        own, others = mixed.encoders[2], wanted.encoders[2]
        assert own.encoder.embed_tokens.weight is own.shared.weight
        assert torch.equal(own(tokens)[0], others(tokens)[0])


def test_after_a_word_was_learned(model: Any, other: Checkpoint, tmp_path: Path) -> None:
    save_file({"emb_params": torch.ones(2, 32)}, tmp_path / "word.safetensors")
    taught = embedding(model.checkpoint.text_encoder, as_file(tmp_path / "word.safetensors"), "thing")
    second = weights(model, other.text_encoder)
    found = weights(model, merge_text_encoders(taught, other.text_encoder, 1.0))
    mixed = {name.replace("token_embedding.table.", "token_embedding."): each for name, each in found.items()}
    (extra,) = (mixed.pop(name) for name in list(mixed) if name.endswith(".extra"))
    assert torch.equal(extra, torch.ones(2, 32))
    assert mixed.keys() == second.keys()
    assert all(torch.equal(mixed[name], second[name]) for name in mixed)


@dataclass(frozen=True)
class Noting(StableDiffusion):
    """Notes in which number formats it loads."""

    asked: list[torch.dtype] = field(default_factory=list)

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """Load as ever."""
        self.asked.append(dtype)
        return super().load(ref, source, dtype)


def test_the_other_is_loaded_as_all_models_are(model: Any, other: Checkpoint, tmp_path: Path) -> None:
    assert other.model is not None
    family = Noting()
    pool = ModelPool(torch.device("cpu"), families={**FAMILIES, "sd": family})
    half = replace(model.checkpoint.model, dtype="bfloat16")
    with pool.use(merge(half, other.model)):
        assert family.asked == [torch.bfloat16] * 2
    path = tmp_path / "cut"
    shutil.copytree(other.model.source.path, path)
    (weight,) = (path / "unet").glob("*.safetensors")
    weight.write_bytes(b"no model")
    cut = model.checkpoint.model.patched(Patch("merge", as_file(path), 0.5))
    with pytest.raises(ModelRefused, match="not a sound safetensors"), pool.use(cut):
        pass
