"""Depth of a picture by networks of transformers: tiny ones of the true classes, with random weights."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pil
from safetensors.torch import load_file, save_file
from transformers import (
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
    DPTConfig,
    DPTForDepthEstimation,
    DPTImageProcessorPil,
)

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.codecs import RefCodec
from graphengine.diffusion.types.depth import Camera
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import DepthModelRef
from graphengine.errors import ModelRefused, NodeError
from graphengine.files.roots import File
from graphengine.models.nature import nature_of
from graphengine.models.source import open_source
from nodes.depth.estimate import estimate
from nodes.mesh.from_depth import from_depth
from nodes.model.load_depth import load_depth

pytestmark = pytest.mark.torch

NECK = {"neck_hidden_sizes": [8, 8, 16, 16], "fusion_hidden_size": 16}


def dpt(**given: Any) -> Any:
    layers = {"hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 2, "intermediate_size": 37}
    sizes = {"image_size": 32, "patch_size": 16, "backbone_out_indices": [0, 1, 2, 3], "is_hybrid": False}
    return DPTForDepthEstimation(DPTConfig(**layers, **sizes, **NECK))


def depth_anything(**given: Any) -> Any:
    backbone = Dinov2Config(
        hidden_size=32, num_hidden_layers=4, num_attention_heads=2, image_size=28, patch_size=14,
        out_indices=[1, 2, 3, 4], reshape_hidden_states=False,
    )  # fmt: skip
    sizes = {"reassemble_hidden_size": 32, "patch_size": 14, "head_hidden_size": 8}
    return DepthAnythingForDepthEstimation(DepthAnythingConfig(backbone_config=backbone, **sizes, **NECK, **given))


@pytest.fixture
def saved(tmp_path: Path, quiet: None) -> Callable[..., File]:
    def save(make: Callable[..., Any], side: int, step: int, **given: Any) -> File:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            module = make(**given)
        with torch.no_grad():  # random weights alone tell hardly anything
            for name, weight in module.named_parameters():
                if "head" in name and name.endswith("weight"):
                    weight.mul_(20).abs_()
        folder = tmp_path / "depth-model"
        module.save_pretrained(folder)
        size = {"height": side, "width": side}
        DPTImageProcessorPil(
            size=size, keep_aspect_ratio=step == 14, ensure_multiple_of=step, image_mean=[0.5] * 3, image_std=[0.5] * 3
        ).save_pretrained(folder)
        return File("depth-model", folder, "d" * 64)

    return save


@pytest.fixture(scope="module")
def pool() -> ModelPool:
    return ModelPool(torch.device("cpu"), None)


@pytest.fixture
def image() -> Image:
    levels = np.random.default_rng(1).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    return Image(torch.from_numpy(np.stack([levels, levels[::-1]])).float() / 255)


@pytest.mark.parametrize(("make", "side", "step"), [(dpt, 32, 16), (depth_anything, 56, 14)])
def test_depth_is_what_the_library_tells(
    make: Callable[..., Any], side: int, step: int, saved: Callable[..., File], image: Image, notes: Any
) -> None:
    source, pool = saved(make, side, step), ModelPool(torch.device("cpu"), None)
    found = estimate(load_depth(source), image, 2.0, 8.0, pool=pool, context=notes)
    assert found.values.shape == (2, 40, 60)
    assert notes.steps == [(1, 2), (2, 2)]
    module = type(make()).from_pretrained(source.path).eval()
    processor = DPTImageProcessorPil.from_pretrained(source.path)
    for pixels, depth in zip(image.pixels, found.values, strict=True):
        given = processor(images=Pil.fromarray((pixels * 255).round().byte().numpy()), return_tensors="pt")
        with torch.no_grad():
            told = module(**given)
        (wanted,) = processor.post_process_depth_estimation(told, target_sizes=[(40, 60)])
        inverse, level = 1 / depth, wanted["predicted_depth"]
        assert (depth.min().item(), depth.max().item()) == pytest.approx((2.0, 8.0), rel=1e-4)
        assert torch.corrcoef(torch.stack((inverse.flatten(), level.flatten())))[0, 1] > 0.999, "even in 1/distance"


def test_models_of_metres_are_taken_at_their_word(saved: Callable[..., File], image: Image, notes: Any) -> None:
    source = saved(depth_anything, 56, 14, depth_estimation_type="metric", max_depth=20)
    found = estimate(load_depth(source), image, 100.0, 200.0, pool=ModelPool(torch.device("cpu"), None), context=notes)
    assert 0 < found.values.min() < found.values.max() < 20


def test_what_it_tells_becomes_a_surface(saved: Callable[..., File], image: Image, pool: ModelPool, notes: Any) -> None:
    depth = estimate(load_depth(saved(dpt, 32, 16)), image, pool=pool, context=notes)
    mesh = from_depth(image, depth, Camera(1.0), edge=0)
    assert mesh.vertices.shape == (40 * 60, 3)


def test_a_folder_of_one_network_is_known(saved: Callable[..., File]) -> None:
    source = saved(dpt, 32, 16)
    assert nature_of(open_source(source.path)).role == "depth"
    ref, codec = load_depth(source, "float32"), RefCodec(DepthModelRef)
    assert codec.decode(codec.encode(ref)) == ref


def test_what_is_wrong_is_said(
    saved: Callable[..., File], image: Image, model: Any, pool: ModelPool, notes: Any, tmp_path: Path
) -> None:
    source = saved(dpt, 32, 16)
    with pytest.raises(NodeError, match="not beyond near"):
        estimate(load_depth(source), image, 5.0, 5.0, pool=pool, context=notes)
    with pytest.raises(ModelRefused, match="no folder of a single network"):
        load_depth(File("model", model.path, "0" * 64))
    with pytest.raises(ModelRefused, match="no folder of a single network"):
        load_depth(File("file", source.path / "model.safetensors", "0" * 64))
    weights = load_file(source.path / "model.safetensors")
    dropped = weights.pop(min(weights))
    assert dropped.numel()
    save_file(weights, source.path / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelRefused, match="the depth of 'cut' cannot be loaded: 1 weights are missing"):
        estimate(load_depth(File("cut", source.path, "1" * 64)), image, pool=pool, context=notes)
    config = json.loads((source.path / "config.json").read_text())
    (source.path / "config.json").write_text(json.dumps(config | {"architectures": ["BertModel"]}))
    with pytest.raises(ModelRefused, match="BertModel, which tells no depth"):
        load_depth(source)
    for strange in ({"architectures": 5}, {"architectures": {"a": 1}}, {"architectures": []}, {"a": 1}):
        (source.path / "config.json").write_text(json.dumps(strange))
        with pytest.raises(ModelRefused, match="nothing, which tells no depth"):
            load_depth(source)
    (source.path / "config.json").write_text(json.dumps(config))
    (source.path / "preprocessor_config.json").unlink()
    with pytest.raises(ModelRefused, match="lacks preprocessor_config"):
        load_depth(source)
