"""Adapters of the larger families, bit for bit as the pipelines of diffusers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel, StableDiffusionXLControlNetPipeline
from peft import LoraConfig, get_peft_model_state_dict
from tiny_families import SIDE, STEPS, Tiny, generators, picture, planes
from tiny_models import NEGATIVE, PROMPT, as_file

from graphengine.diffusion.adapters.lora_check import check_lora
from graphengine.diffusion.control.loading import open_control
from graphengine.diffusion.types.refs import Control, Patch

pytestmark = pytest.mark.torch

COMMON: dict[str, Any] = {"num_inference_steps": STEPS, "output_type": "latent", "width": SIDE, "height": SIDE}
TEXTS = {"text_encoder": ["q_proj", "out_proj"], "text_encoder_2": ["q_proj", "out_proj"]}


def save(pipeline: Any, folder: Path, part: str, texts: dict[str, list[str]]) -> Path:
    """Save a random LoRA for the denoiser and some text encoders."""
    source = torch.Generator().manual_seed(4)
    saved: dict[str, Any] = {}
    for name, layers in {part: ["to_q", "to_v", "to_out.0"], **texts}.items():
        module = getattr(pipeline, name)
        config = LoraConfig(r=3, lora_alpha=6, target_modules=layers)
        module.add_adapter(config, "saved")
        for layer, weight in module.named_parameters():
            if "lora_" in layer:
                weight.data = torch.randn(weight.shape, generator=source) * 0.1
        saved[f"{name}_lora_layers"] = get_peft_model_state_dict(module, adapter_name="saved")
        saved[f"{name}_lora_adapter_metadata"] = config.to_dict()
    type(pipeline).save_lora_weights(folder, **saved)
    return folder / "pytorch_lora_weights.safetensors"


def styled(tiny: Tiny, path: Path, strength: float) -> Tiny:
    """The model with a LoRA on all its parts."""
    parts, patch = tiny.checkpoint, Patch("lora", as_file(path), strength)
    assert parts.model is not None
    assert parts.text_encoder is not None
    check_lora(tiny.pool, as_file(path), parts.model, parts.text_encoder)
    changed = replace(parts, model=parts.model.patched(patch), text_encoder=parts.text_encoder.patched(patch))
    return replace(tiny, checkpoint=changed)


@pytest.mark.parametrize(
    ("family", "part", "texts"),
    [
        ("base", "unet", TEXTS),
        ("dev", "transformer", {"text_encoder": TEXTS["text_encoder"]}),
        ("third", "transformer", TEXTS),
    ],
)
def test_loras(request: pytest.FixtureRequest, tmp_path: Path, family: str, part: str, texts: Any) -> None:
    tiny: Tiny = request.getfixturevalue(family)
    path = save(tiny.pipeline(), tmp_path, part, texts)
    pipeline = tiny.pipeline(sampler="euler")
    pipeline.load_lora_weights(str(path), adapter_name="own")
    pipeline.set_adapters(["own"], [0.6])
    negative = {} if family == "dev" else {"negative_prompt": NEGATIVE}
    theirs = pipeline(PROMPT, **negative, **COMMON, guidance_scale=5.0, generator=generators(3)).images
    made = styled(tiny, path, 0.6).sample(tiny.empty(), seed=3, sampler="euler", guidance=5.0).samples
    plain = tiny.sample(tiny.empty(), seed=3, sampler="euler", guidance=5.0).samples
    assert not torch.equal(made, plain)
    if family == "dev":
        theirs = pipeline._unpack_latents(theirs, SIDE, SIDE, pipeline.vae_scale_factor)
    assert torch.equal(made, theirs)


def test_a_controlnet_of_sdxl(base: Tiny, tmp_path: Path) -> None:
    network = ControlNetModel.from_unet(base.pipeline().unet, conditioning_embedding_out_channels=(8, 16))
    source = torch.Generator().manual_seed(4)
    for weight in network.parameters():
        if not weight.any():
            weight.data = torch.randn(weight.shape, generator=source) * 0.2
    network.save_pretrained(tmp_path / "control")
    pipeline = base.pipeline()
    made = StableDiffusionXLControlNetPipeline(**pipeline.components, controlnet=network, add_watermarker=False)
    made.set_progress_bar_config(disable=True)
    made.scheduler = base.pipeline(sampler="euler").scheduler
    guide = picture(7)
    theirs = made(
        PROMPT, negative_prompt=NEGATIVE, image=planes(guide), **COMMON, guidance_scale=5.0, generator=generators(3, 2),
        num_images_per_prompt=2, controlnet_conditioning_scale=0.8, control_guidance_end=0.7,
    ).images  # fmt: skip
    assert base.checkpoint.model is not None
    control = Control(open_control(as_file(tmp_path / "control")), guide, 0.8, end=0.7)
    steered = replace(
        base, checkpoint=replace(base.checkpoint, model=replace(base.checkpoint.model, controls=(control,)))
    )
    assert torch.equal(steered.sample(base.empty(2), seed=3, sampler="euler", guidance=5.0).samples, theirs)
