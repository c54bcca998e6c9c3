"""What a ControlNet is is found out from its content, and one in a single file is the one of the folder."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel
from safetensors.torch import load_file, save_file
from tiny_models import as_file, make_pipeline

from graphengine.diffusion.control.loading import ControlNets, open_control
from graphengine.diffusion.types.codecs import RefCodec
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import Control, ControlNetRef, ModelRef
from graphengine.errors import ModelRefused, NodeError
from graphengine.models.source import open_source
from nodes.control.apply import apply
from nodes.control.load import load

pytestmark = pytest.mark.torch

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """The configuration of the tiny denoiser, as it lies there for those of single files."""
    folder = tmp_path / "configs"
    make_pipeline().unet.save_config(folder / "tiny" / "unet")
    return folder


def as_first_released(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Name the weights of the tiny ControlNet as the first releases do: what they have in order, by number."""
    blocks = {"down_blocks.0.resnets.0": "input_blocks.1.0", "down_blocks.0.attentions.0": "input_blocks.1.1"}
    blocks |= {
        "down_blocks.0.downsamplers.0.conv": "input_blocks.2.0.op",
        "down_blocks.1.resnets.0": "input_blocks.3.0",
    }
    blocks |= {"mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1"}
    blocks |= {"mid_block.resnets.1": "middle_block.2", "conv_in": "input_blocks.0.0"}
    blocks |= {"time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2"}
    blocks |= {"controlnet_mid_block": "middle_block_out.0", "controlnet_cond_embedding.conv_in": "input_hint_block.0"}
    blocks |= {f"controlnet_down_blocks.{index}": f"zero_convs.{index}.0" for index in range(4)}
    blocks |= {f"controlnet_cond_embedding.blocks.{i}": f"input_hint_block.{2 + 2 * i}" for i in range(6)}
    blocks |= {"controlnet_cond_embedding.conv_out": "input_hint_block.14"}
    layers = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0"}
    layers |= {"conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
    named = {}
    for name, tensor in tensors.items():
        start = max((each for each in blocks if name.startswith(f"{each}.")), key=len)
        rest = name.removeprefix(f"{start}.")
        if "resnets" in start:
            layer, _, last = rest.partition(".")
            rest = f"{layers[layer]}.{last}"
        named[f"control_model.{blocks[start]}.{rest}"] = tensor
    return named


@pytest.mark.parametrize("named", [dict, as_first_released])
def test_a_single_file_is_the_same_network(configs: Path, tmp_path: Path, named: Callable[[Any], Any]) -> None:
    wanted = ControlNetModel.from_unet(make_pipeline().unet).state_dict()
    path = tmp_path / "control.safetensors"
    save_file(named(wanted), path)
    ref = open_control(as_file(path))
    loaded: Any = ControlNets(configs).load(ref, open_source(path), torch.float32)
    found = loaded.module.state_dict()
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in wanted.items())


def test_what_is_no_controlnet_is_refused(model: Any, networks: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="no ControlNet"):
        open_control(as_file(model.path / "unet"))
    with pytest.raises(ModelRefused, match="no ControlNet"):
        open_control(as_file(model.path / "unet" / WEIGHTS))
    with pytest.raises(ModelRefused, match="no ControlNet"):
        open_control(as_file(model.path))
    torch.save({}, tmp_path / "control.safetensors")
    with pytest.raises(ModelRefused) as caught:
        open_control(as_file(tmp_path / "control.safetensors"))
    assert caught.value.fault == "pickle"


def test_one_that_lacks_weights_is_refused_when_it_is_used(model: Any, networks: list[Path], tmp_path: Path) -> None:
    shutil.copytree(networks[0], tmp_path / "part")
    tensors = load_file(tmp_path / "part" / WEIGHTS)
    del tensors["conv_in.weight"]
    save_file(tensors, tmp_path / "part" / WEIGHTS)
    ref = open_control(as_file(tmp_path / "part"))
    with pytest.raises(ModelRefused, match=r"missing, such as conv_in\.weight"), model.pool.use(ref):
        pass
    save_file(load_file(networks[0] / WEIGHTS), tmp_path / "alone.safetensors")
    alone = open_control(as_file(tmp_path / "alone.safetensors"))
    with pytest.raises(ModelRefused, match="reads texts of width 32"), model.pool.use(alone):
        pass


def test_references_are_stored_with_their_pictures(model: Any, networks: list[Path]) -> None:
    ref = load(as_file(networks[0]), "float16")
    assert RefCodec(ControlNetRef).decode(RefCodec(ControlNetRef).encode(ref)) == ref
    steered = apply(model.checkpoint.model, ref, Image(torch.rand(2, 4, 6, 3)), 0.5, 0.1, 0.9)
    again = RefCodec(ModelRef).decode(RefCodec(ModelRef).encode(steered))
    assert again == steered
    assert again != replace(steered, controls=(replace(steered.controls[0], image=Image(torch.rand(2, 4, 6, 3))),))
    plain = RefCodec(ModelRef).encode(model.checkpoint.model)
    assert RefCodec(ModelRef).nbytes(steered) >= RefCodec(ModelRef).nbytes(model.checkpoint.model) + 2 * 4 * 6 * 3 * 4
    older = {name: value for name, value in plain.meta.items() if name != "controls"}
    assert RefCodec(ModelRef).decode(replace(plain, meta=older)) == model.checkpoint.model


def test_the_node_says_what_does_not_fit(model: Any, networks: list[Path]) -> None:
    ref, picture = load(as_file(networks[0])), Image(torch.rand(1, 4, 4, 3))
    with pytest.raises(NodeError, match="for models of 'sdxl'"):
        apply(model.checkpoint.model, replace(ref, variant="sdxl"), picture)
    with pytest.raises(NodeError, match="from 0.5 to 0.5"):
        apply(model.checkpoint.model, ref, picture, 1.0, 0.5, 0.5)
    with pytest.raises(ValueError, match=r"from 0\.6 to 0\.5"):
        Control(ref, picture, 1.0, 0.6, 0.5)
    assert apply(model.checkpoint.model, ref, picture, 0.0) is model.checkpoint.model
    twice = apply(apply(model.checkpoint.model, ref, picture), ref, picture, 0.5)
    assert [each.strength for each in twice.controls] == [1.0, 0.5]


def test_folders_of_other_kinds_are_refused(model: Any, networks: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "union"
    shutil.copytree(networks[0], folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"_class_name": "ControlNetUnionModel"}))
    with pytest.raises(ModelRefused, match="no ControlNet"):
        open_control(as_file(folder))
    (folder / "config.json").write_text(json.dumps(config | {"global_pool_conditions": True}))
    with pytest.raises(ModelRefused, match="global_pool_conditions"):
        open_control(as_file(folder))
    (folder / "config.json").write_text(json.dumps(config))
    save_file({**load_file(folder / WEIGHTS), "task_embedding": torch.ones(2, 2)}, folder / WEIGHTS)
    ref = open_control(as_file(folder))
    with pytest.raises(ModelRefused, match="1 weights have no place, such as task_embedding"), model.pool.use(ref):
        pass
