"""A single file of SDXL gives the picture that the folder gives, without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from ldm_layout import UNET, clip_names, open_clip_names, unet_names, vae_names, write
from tiny_families import Tiny, make_projected_encoder, make_refiner, make_sdxl
from tiny_models import as_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from graphengine.diffusion.families.clip_vocabulary import clip_tokenizer
from graphengine.diffusion.families.sdxl import StableDiffusionXL
from graphengine.diffusion.families.table import open_checkpoint
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.vae import decode
from graphengine.errors import ModelRefused

pytestmark = pytest.mark.torch

CONFIGS = StableDiffusionXL().configs
UNET_XL = {
    **UNET,
    r"add_embedding\.linear_1\.": "label_emb.0.0.",
    r"add_embedding\.linear_2\.": "label_emb.0.2.",
}


def first_encoder() -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=49408,
            hidden_size=32,
            intermediate_size=37,
            num_hidden_layers=2,
            num_attention_heads=4,
            bos_token_id=0,
            eos_token_id=2,
        )
    )


def assert_same(tiny: Tiny, other: Tiny) -> None:
    """Both have the same weights, to the bit, and give the same picture.

    Where weights lie in memory decides how kernels round, so the pictures are equal but for that.
    """
    for part in ("model", "text_encoder", "vae"):
        refs: list[Any] = [getattr(each.checkpoint, part) for each in (tiny, other)]
        with tiny.pool.use(refs[0]) as one, other.pool.use(refs[1]) as two:
            for mine, theirs in zip(one.modules, two.modules, strict=True):
                ours, expected = mine.state_dict(), theirs.state_dict()
                assert ours.keys() == expected.keys()
                assert all(torch.equal(ours[name], expected[name]) for name in ours)
    assert torch.allclose(picture_of(tiny), picture_of(other), atol=1e-5)


def picture_of(tiny: Tiny) -> Any:
    assert tiny.checkpoint.vae is not None
    negative = tiny.text("")
    latent = tiny.sample(
        tiny.empty(), seed=1, steps=3, sampler="ddim", positive=tiny.text("a red circle"), negative=negative
    )
    return decode(tiny.pool, tiny.checkpoint.vae, latent).pixels


def open_file(path: Path, folder: Path, variant: str, root: Path) -> Tiny:
    """Open a single file, with the configurations of a folder as those that lie in the program."""
    root.mkdir()
    (root / f"sdxl_{variant}").symlink_to(folder)
    families = {"sdxl": StableDiffusionXL(root)}
    checkpoint = open_checkpoint(as_file(path), families=families)
    return Tiny(path, None, checkpoint, ModelPool(torch.device("cpu"), families=families))


@pytest.mark.parametrize("variant", ["base", "refiner"])
def test_the_same_picture(make_tiny: Callable[..., Tiny], tmp_path: Path, variant: str) -> None:
    clip, big = clip_tokenizer("<|endoftext|>"), clip_tokenizer("!")
    second = make_projected_encoder(big, width=20, vocabulary=49408)
    if variant == "base":
        pipeline = make_sdxl(
            tokenizer=clip,
            tokenizer_2=big,
            text_encoder=first_encoder(),
            text_encoder_2=second,
            unet={"cross_attention_dim": 52},
        )
    else:
        pipeline = make_refiner(tokenizer=big, text_encoder_2=second, unet={"cross_attention_dim": 20})
    folder = make_tiny(pipeline, add_watermarker=False)
    state = unet_names(pipeline.unet, UNET_XL) | vae_names(pipeline.vae)
    state |= open_clip_names(pipeline.text_encoder_2, f"conditioner.embedders.{int(variant == 'base')}.model.")
    if variant == "base":
        state |= clip_names(pipeline.text_encoder, "conditioner.embedders.0.transformer.text_model.")
    path = tmp_path / "model.safetensors"
    write(path, state)
    tiny = open_file(path, folder.path, variant, tmp_path / "configs")
    assert tiny.checkpoint.model is not None
    assert (tiny.checkpoint.model.variant, tiny.checkpoint.model.prediction) == (variant, "epsilon")
    assert_same(tiny, folder)


def test_a_file_says_that_its_denoiser_predicts_the_velocity(make_tiny: Callable[..., Tiny], tmp_path: Path) -> None:
    folder = make_tiny(make_sdxl(), add_watermarker=False)
    state = unet_names(folder.pipeline().unet, UNET_XL)
    path = tmp_path / "model.safetensors"
    write(path, {**state, "v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)})
    tiny = open_file(path, folder.path, "base", tmp_path / "configs")
    model = tiny.checkpoint.model
    assert model is not None
    assert model.prediction == "v_prediction"
    with tiny.pool.use(model) as denoiser:
        assert denoiser.scheduler["rescale_betas_zero_snr"]
        assert denoiser.scheduler["beta_start"] == 0.00085
    assert tiny.checkpoint.text_encoder is None


def test_a_file_of_a_model_for_inpainting(make_tiny: Callable[..., Tiny], tmp_path: Path) -> None:
    """It takes more channels than the configuration says, which is that of the others."""
    usual = make_tiny(make_sdxl(), add_watermarker=False)
    made = make_tiny(make_sdxl(unet={"in_channels": 9}), add_watermarker=False)
    path = tmp_path / "model.safetensors"
    write(path, unet_names(made.pipeline().unet, UNET_XL))
    tiny = open_file(path, usual.path, "base", tmp_path / "configs")
    assert tiny.checkpoint.model is not None
    with tiny.pool.use(tiny.checkpoint.model) as denoiser:
        assert denoiser.takes_surroundings
        assert denoiser.module.conv_in.weight.shape[1] == 9


def test_a_file_that_does_not_fit_the_configurations(make_tiny: Callable[..., Tiny], tmp_path: Path) -> None:
    state = unet_names(make_tiny(make_sdxl(), add_watermarker=False).pipeline().unet, UNET_XL)
    path = tmp_path / "model.safetensors"
    write(path, state)
    model = open_checkpoint(as_file(path)).model
    assert model is not None
    with pytest.raises(ModelRefused, match="cannot be loaded"), ModelPool(torch.device("cpu")).use(model):
        pass


@pytest.mark.parametrize(("variant", "unet"), [("base", 2_567_463_684), ("refiner", 2_259_526_660)])
def test_the_configurations_describe_the_released_models(variant: str, unet: int) -> None:
    folder = CONFIGS / f"sdxl_{variant}"
    with torch.device("meta"):
        modules: list[Any] = [
            UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(folder / "unet")),
            AutoencoderKL.from_config(AutoencoderKL.load_config(folder / "vae")),
            CLIPTextModelWithProjection(CLIPTextConfig.from_pretrained(folder / "text_encoder_2")),
        ]
        if variant == "base":
            modules.append(CLIPTextModel(CLIPTextConfig.from_pretrained(folder / "text_encoder")))
    sizes = [sum(p.numel() for p in module.parameters()) for module in modules]
    assert sizes == [unet, 83_653_863, 694_659_840, 123_060_480][: len(sizes)]
