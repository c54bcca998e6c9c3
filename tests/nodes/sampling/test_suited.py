"""Guidance that does not suit a model is told before the run, also through what changes the model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from documents import link, weights_file, workflow

from graphengine.app import Engine, load_settings
from graphengine.workflow.advice import advice_on
from graphengine.workflow.document import Workflow
from nodes import PACK

pytestmark = pytest.mark.torch

SCHNELL: Mapping[str, tuple[int, ...]] = {
    "double_blocks.0.img_attn.norm.key_norm.scale": (1,),
    "img_in.weight": (8, 64),
}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    folder = tmp_path / "models"
    weights_file(folder / "schnell.safetensors", SCHNELL)
    weights_file(folder / "dev.safetensors", {**SCHNELL, "guidance_in.in_layer.weight": (1,)})
    weights_file(folder / "lora.safetensors", {"a.lora_down.weight": (1,)})
    return Engine(load_settings(model_folders=[folder]), packs=(PACK,))


def document(source: str, sampler: str = "sampling.sample", **inputs: Any) -> Workflow:
    text = ["text.encode", {"encoder": link("texts.text_encoder"), "text": "a red circle"}]
    sampled = {"model": link("lora.model"), "latent": link("canvas.latent"), **inputs}
    return workflow(
        {
            "model": ["model.load_denoiser", {"source": f"models:{source}.safetensors"}],
            "texts": ["model.load_text_encoder", {"source": "models:dev.safetensors"}],
            "lora": ["adapter.lora_model", {"model": link("model.model"), "file": "models:lora.safetensors"}],
            "positive": text,
            "negative": text,
            "canvas": ["latent.empty", {"model": link("model.model")}],
            "sample": [
                sampler,
                {**sampled, "positive": link("positive.conditioning"), "negative": link("negative.conditioning")},
            ],
        }
    )


@pytest.mark.parametrize("sampler", ["sampling.sample", "sampling.steps"])
def test_schnell_wants_no_guidance(engine: Engine, sampler: str) -> None:
    (found,) = advice_on(engine.resolve(document("schnell", sampler)))
    assert (found.code, found.node, found.socket) == ("value_unsuited", "sample", "cfg")
    assert "schnell wants 1 here, and 7.5 is given" in found.message
    assert advice_on(engine.resolve(document("schnell", sampler, cfg=1.0))) == []
    assert advice_on(engine.resolve(document("dev", sampler))) == []


def test_a_file_that_went_meanwhile_is_no_fault(engine: Engine, tmp_path: Path) -> None:
    graph = engine.resolve(document("schnell"))
    (tmp_path / "models" / "schnell.safetensors").unlink()
    assert advice_on(graph) == []
