"""Sizes told from headers, against what is there once it is loaded."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from graphengine.diffusion.devices import choose_dtype
from graphengine.diffusion.pool import ModelPool
from graphengine.models.parts import Part, count_weights
from graphengine.models.source import open_source

pytestmark = pytest.mark.torch

CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("part", ["model", "text_encoder", "vae"])
def test_a_part_of_a_folder(model: Any, part: Part, dtype: Any) -> None:
    ref = replace(getattr(model.checkpoint, part), dtype=dtype)
    pool = ModelPool(CPU)
    with pool.use(ref):
        held = pool.held()
    guess = count_weights(open_source(model.path), part) * choose_dtype(dtype, CPU).itemsize
    assert held <= guess * 1.02  # positions are whole numbers
    assert guess <= held * 1.02


def test_the_parts_of_a_single_file(tmp_path: Path) -> None:
    names = ("model.diffusion_model.x", "first_stage_model.x", "cond_stage_model.x", "model_ema.decay")
    tensors = {name: torch.zeros(10 ** (index + 1), dtype=torch.float16) for index, name in enumerate(names)}
    save_file(tensors, tmp_path / "a.safetensors")
    source = open_source(tmp_path / "a.safetensors")
    found = {part: count_weights(source, part) for part in ("model", "vae", "text_encoder")}
    assert found == {"model": 10_010, "vae": 100, "text_encoder": 1000}


def test_a_file_of_one_part_is_all_of_it(tmp_path: Path) -> None:
    save_file({"decoder.x": torch.zeros(10), "encoder.x": torch.zeros(20)}, tmp_path / "vae.safetensors")
    assert count_weights(open_source(tmp_path / "vae.safetensors"), "vae") == 30


def test_of_several_variants_the_one_counts_that_is_loaded(model: Any, tmp_path: Path) -> None:
    folder = tmp_path / "both"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text('{"unet": ["diffusers", "UNet2DConditionModel"]}')
    for name, size in (("x.safetensors", 10), ("x.fp16.safetensors", 10), ("x.fp16-00001-of-00002.safetensors", 7)):
        save_file({"weight": torch.zeros(size)}, folder / "unet" / name)
    assert count_weights(open_source(folder), "model") == 10
    (folder / "unet" / "x.safetensors").unlink()
    assert count_weights(open_source(folder), "model") == 17
