"""Bit for bit what the ControlNet pipeline of diffusers computes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import ControlNetModel, StableDiffusionControlNetImg2ImgPipeline, StableDiffusionControlNetPipeline
from PIL import Image as Pil
from tiny_models import as_file

from graphengine.diffusion.control.loading import open_control
from graphengine.diffusion.images import from_pil
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.samplers import SAMPLERS, SamplerName
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.together import Wish, sample_together
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import Control
from graphengine.diffusion.vae import encode
from graphengine.errors import NodeError

pytestmark = pytest.mark.torch

SIDE, STEPS = 16, 5


def picture(seed: int) -> Pil.Image:
    return Pil.fromarray(np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))


def generators(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(3 + index) for index in range(count)]


def pipeline_of(model: Any, networks: list[Path], sampler: SamplerName, kind: Any) -> Any:
    found = [ControlNetModel.from_pretrained(path) for path in networks]
    made = kind(**model.components(), controlnet=found if len(found) > 1 else found[0], requires_safety_checker=False)
    chosen = SAMPLERS[sampler]
    made.scheduler = chosen.scheduler.from_config(made.scheduler.config, **chosen.options)
    made.set_progress_bar_config(disable=True)
    return made


def theirs(model: Any, networks: list[Path], sampler: SamplerName, **settings: Any) -> torch.Tensor:
    kind = StableDiffusionControlNetImg2ImgPipeline if "strength" in settings else StableDiffusionControlNetPipeline
    own = settings if "strength" in settings else {**settings, "width": SIDE, "height": SIDE}
    made: torch.Tensor = pipeline_of(model, networks, sampler, kind)(
        **model.prompts, **own, num_inference_steps=STEPS, generator=generators(2), num_images_per_prompt=2,
        output_type="latent",
    ).images  # fmt: skip
    return made


def control(path: Path, seed: int, **settings: Any) -> Control:
    return Control(open_control(as_file(path)), from_pil([picture(seed)]), **settings)


def ours(model: Any, controls: tuple[Control, ...], latent: Latent | None = None, **settings: Any) -> torch.Tensor:
    steered = replace(model.checkpoint.model, controls=controls)
    start = latent or empty_latent(steered, SIDE, SIDE, 2)
    own = Sampling(**{"seed": 3, "steps": STEPS, **settings})
    return sample(model.pool, steered, model.positive, model.negative, start, settings=own).samples


@pytest.mark.parametrize("sampler", ["euler", "heun", "dpmpp_2m", "pndm", "uni_pc"])
def test_text_to_image(model: Any, networks: list[Path], sampler: SamplerName) -> None:
    made = ours(model, (control(networks[0], 1, strength=0.8),), sampler=sampler)
    wanted = theirs(model, networks[:1], sampler, image=picture(1), controlnet_conditioning_scale=0.8)
    assert torch.equal(made, wanted)
    assert not torch.equal(made, ours(model, (), sampler=sampler))


@pytest.mark.parametrize("sampler", ["euler", "heun"])
@pytest.mark.parametrize(("start", "end"), [(0.0, 0.5), (0.4, 1.0), (0.2, 0.6)])
def test_a_part_of_the_steps(model: Any, networks: list[Path], sampler: SamplerName, start: float, end: float) -> None:
    made = ours(model, (control(networks[0], 1, start=start, end=end),), sampler=sampler)
    span = {"control_guidance_start": start, "control_guidance_end": end}
    assert torch.equal(made, theirs(model, networks[:1], sampler, image=picture(1), **span))


def test_several_at_once(model: Any, networks: list[Path]) -> None:
    both = (control(networks[0], 1, strength=0.7), control(networks[1], 2, strength=1.2, end=0.6))
    wanted = theirs(
        model, networks, "ddim", image=[picture(1), picture(2)], controlnet_conditioning_scale=[0.7, 1.2],
        control_guidance_end=[1.0, 0.6],
    )  # fmt: skip
    assert torch.equal(ours(model, both, sampler="ddim"), wanted)


def test_image_to_image(model: Any, networks: list[Path]) -> None:
    start = encode(model.pool, model.checkpoint.vae, from_pil([picture(5)]))
    latent = replace(start, samples=start.samples.repeat(2, 1, 1, 1))
    made = ours(model, (control(networks[0], 1, end=0.7),), latent, sampler="euler", denoise=0.8)
    pipeline = pipeline_of(model, networks[:1], "euler", StableDiffusionControlNetImg2ImgPipeline)
    wanted = pipeline(
        **model.prompts, image=latent.samples, control_image=picture(1), strength=0.8, control_guidance_end=0.7,
        num_inference_steps=STEPS, generator=generators(2), num_images_per_prompt=2, output_type="latent",
        controlnet_conditioning_scale=1.0, width=SIDE, height=SIDE,
    ).images  # fmt: skip
    assert torch.equal(made, wanted)


def test_a_picture_for_each(model: Any, networks: list[Path]) -> None:
    pictures = [from_pil([picture(seed)]).pixels for seed in (1, 2)]
    both = replace(control(networks[0], 1), image=Image(torch.cat(pictures)))
    made = ours(model, (both,))
    for index, seed in enumerate((1, 2)):
        alone = ours(
            model, (control(networks[0], seed),), empty_latent(model.checkpoint.model, SIDE, SIDE), seed=3 + index
        )
        assert torch.allclose(made[index : index + 1], alone, atol=1e-4)
    three = replace(both, image=Image(torch.cat([*pictures, pictures[0]])[:2].repeat(1, 1, 1, 1)))
    with pytest.raises(NodeError, match="2 pictures do not control a batch that needs 3"):
        ours(model, (three,), empty_latent(model.checkpoint.model, SIDE, SIDE, 3))


def test_calls_with_a_picture_for_each_are_not_mixed(model: Any, networks: list[Path]) -> None:
    pictures = Image(torch.cat([from_pil([picture(seed)]).pixels for seed in (1, 2)]))
    steered = replace(model.checkpoint.model, controls=(replace(control(networks[0], 1), image=pictures),))
    latent = empty_latent(steered, SIDE, SIDE, 2)
    wishes = [Wish(model.positive, model.negative, latent, seed) for seed in (3, 8)]
    together = sample_together(model.pool, steered, wishes, settings=Sampling(0, STEPS))
    for wish, made in zip(wishes, together, strict=True):
        settings = Sampling(wish.seed, STEPS)
        alone = sample(model.pool, steered, model.positive, model.negative, latent, settings=settings)
        assert torch.equal(made.samples, alone.samples)


def test_groups_of_a_batch_have_their_own_pictures(model: Any, networks: list[Path]) -> None:
    pictures = Image(torch.cat([from_pil([picture(seed)]).pixels for seed in (1, 2)]))
    steered = replace(model.checkpoint.model, controls=(replace(control(networks[0], 1), image=pictures),))
    latent = empty_latent(steered, SIDE, SIDE, 2)
    settings = Sampling(3, STEPS)
    whole, split = (
        sample(model.pool, steered, model.positive, model.negative, latent, settings=settings, chunk=chunk).samples
        for chunk in (None, 1)
    )
    assert torch.allclose(whole, split, atol=1e-4)


def test_strength_and_time_that_never_come_change_nothing(model: Any, networks: list[Path]) -> None:
    never = control(networks[0], 1, start=0.95)
    assert torch.equal(ours(model, (never,)), ours(model, ()))


def test_a_picture_of_another_size_is_brought_to_it(model: Any, networks: list[Path]) -> None:
    large = from_pil([picture(1).resize((48, 32))])
    made = ours(model, (replace(control(networks[0], 1), image=large),))
    assert torch.isfinite(made).all()
    assert not torch.equal(made, ours(model, ()))
