"""T2I-Adapters, bit for bit as the pipeline of diffusers, and beside ControlNets."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel, StableDiffusionAdapterPipeline, T2IAdapter
from tiny_models import as_file

from graphengine.diffusion.control.loading import open_control
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.samplers import SAMPLERS
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import Control
from graphengine.errors import NodeError

pytestmark = pytest.mark.torch

SIDE, STEPS = 16, 5


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    torch.manual_seed(5)
    network = T2IAdapter(channels=[16, 32], num_res_blocks=1, downscale_factor=2)
    network.save_pretrained(tmp_path / "adapter")
    return tmp_path / "adapter"


def guide(seed: int = 1) -> Image:
    return Image(torch.rand(1, SIDE, SIDE, 3, generator=torch.Generator().manual_seed(seed)))


def ours(model: Any, *controls: Control) -> torch.Tensor:
    steered = replace(model.checkpoint.model, controls=controls)
    latent = empty_latent(steered, SIDE, SIDE, 2)
    return sample(
        model.pool, steered, model.positive, model.negative, latent, settings=Sampling(3, STEPS, sampler="euler")
    ).samples


def test_equal_to_the_pipeline(model: Any, adapter: Path) -> None:
    chosen = SAMPLERS["euler"]
    network = T2IAdapter.from_pretrained(adapter)
    parts = {name: each for name, each in model.components().items() if name != "image_encoder"}
    pipeline = StableDiffusionAdapterPipeline(**parts, adapter=network, requires_safety_checker=False)
    pipeline.scheduler = chosen.scheduler.from_config(pipeline.scheduler.config, **chosen.options)
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        **model.prompts, image=guide().pixels.permute(0, 3, 1, 2), width=SIDE, height=SIDE, num_inference_steps=STEPS,
        num_images_per_prompt=2, generator=[torch.Generator().manual_seed(3 + i) for i in range(2)],
        adapter_conditioning_scale=0.8, output_type="latent",
    ).images  # fmt: skip
    assert torch.equal(ours(model, Control(open_control(as_file(adapter)), guide(), 0.8)), theirs)


def test_it_counts_beside_a_controlnet(model: Any, adapter: Path, networks: list[Path]) -> None:
    sketch = Control(open_control(as_file(adapter)), guide(), end=0.6)
    net = Control(open_control(as_file(networks[0])), guide(2))
    made = [ours(model, *controls) for controls in ((), (sketch,), (net,), (sketch, net), (net, sketch))]
    assert all(not torch.equal(a, b) for index, a in enumerate(made[:4]) for b in made[:index])
    assert torch.equal(made[3], made[4])


def test_sides_that_it_does_not_take_are_named(model: Any, tmp_path: Path) -> None:
    network = T2IAdapter(channels=[16, 32], num_res_blocks=1, downscale_factor=8)
    network.save_pretrained(tmp_path / "adapter")
    steered = replace(model.checkpoint.model, controls=(Control(open_control(as_file(tmp_path / "adapter")), guide()),))
    latent = empty_latent(steered, 22, 16)
    with pytest.raises(NodeError, match="multiples of 8, not 22 x 16") as caught:
        sample(model.pool, steered, model.positive, model.negative, latent, settings=Sampling(3, STEPS))
    assert "24 x 16" in caught.value.hint


def test_a_controlnet_of_another_denoiser_is_refused(
    model: Any, make_model: Callable[..., Any], tmp_path: Path
) -> None:
    other = make_model(cross_attention_dim=48)
    with other.pool.use(other.checkpoint.model) as denoiser:
        network = ControlNetModel.from_unet(denoiser.module, conditioning_embedding_out_channels=(8, 16))
    network.save_pretrained(tmp_path / "control")
    with pytest.raises(NodeError, match="texts of width 48, the model those of width 32"):
        ours(model, Control(open_control(as_file(tmp_path / "control")), guide()))
