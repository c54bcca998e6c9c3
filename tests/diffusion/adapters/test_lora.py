"""LoRAs: bit for bit what diffusers computes with them, and nothing of the model is changed or copied."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline
from lora_files import as_kohya, as_peft, save_lora
from safetensors.torch import load_file, save_file
from tiny_models import NEGATIVE, PROMPT, as_file, make_pipeline

from graphengine.diffusion.adapters.lora_check import check_lora
from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.refs import Patch
from graphengine.errors import ModelRefused

pytestmark = pytest.mark.torch

SIDE, STEPS = 16, 4
STRONG = {"layers": ("to_q", "to_v", "conv1", "proj_in"), "rank": 3, "alpha": 6}
MIXED = {"rank_pattern": {"conv1": 2, "attn1.to_q": 5}, "alpha_pattern": {"attn1.to_q": 1}}


def diffusers_file(folder: Path) -> Path:
    return save_lora(folder, make_pipeline(), **STRONG)


def mixed_file(folder: Path) -> Path:
    return save_lora(folder, make_pipeline(), **STRONG, **MIXED)


def denoiser_file(folder: Path) -> Path:
    return save_lora(folder, make_pipeline(), **STRONG, text=(), seed=5)


def kohya_file(folder: Path) -> Path:
    return as_kohya(save_lora(folder, make_pipeline(), **STRONG), alpha=6.0)


FORMATS = [diffusers_file, mixed_file, denoiser_file, kohya_file]
each_format = pytest.mark.parametrize("make", FORMATS)


def theirs(model: Any, *loras: tuple[Path, float]) -> torch.Tensor:
    pipeline = StableDiffusionPipeline(**model.components(), requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    for number, (path, _) in enumerate(loras):
        pipeline.load_lora_weights(str(path), adapter_name=f"own{number}")
    if loras:
        pipeline.set_adapters([f"own{number}" for number in range(len(loras))], [each for _, each in loras])
    result: torch.Tensor = pipeline(
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        width=SIDE,
        height=SIDE,
        num_inference_steps=STEPS,
        generator=torch.Generator().manual_seed(3),
        output_type="latent",
    ).images
    return result


def ours(model: Any, *patches: Patch, text: bool = True) -> torch.Tensor:
    denoiser, encoder = model.checkpoint.model, model.checkpoint.text_encoder
    for patch in patches:
        denoiser, encoder = denoiser.patched(patch), encoder.patched(patch) if text else encoder
    positive, negative = (encode_text(model.pool, encoder, each) for each in (PROMPT, NEGATIVE))
    latent = empty_latent(denoiser, SIDE, SIDE)
    settings = Sampling(3, STEPS, sampler="pndm")
    return sample(model.pool, denoiser, positive, negative, latent, settings=settings).samples


def lora(path: Path, strength: float = 1.0) -> Patch:
    return Patch("lora", as_file(path), strength)


@each_format
def test_equal_to_the_pipeline(model: Any, tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    made = ours(model, lora(path, 0.7))
    assert torch.equal(made, theirs(model, (path, 0.7)))
    assert not torch.equal(made, theirs(model))


def test_kohyas_names_of_few_layers(model: Any, tmp_path: Path) -> None:
    path = save_lora(tmp_path, make_pipeline(), **STRONG)
    tensors = load_file(path)
    save_file({name: tensors[name] for name in tensors if "q_proj" in name or "unet" in name}, path)
    assert torch.equal(ours(model, lora(as_kohya(path, 3.0))), ours(model, lora(path)))


def test_a_stack_is_equal_to_the_pipeline(model: Any, tmp_path: Path) -> None:
    paths = [make(tmp_path / make.__name__) for make in (diffusers_file, denoiser_file, kohya_file)]
    made = ours(model, *map(lora, paths, (0.5, -0.8, 1.3)))
    assert torch.equal(made, theirs(model, *zip(paths, (0.5, -0.8, 1.3), strict=True)))


def test_as_peft_saves_it(model: Any, tmp_path: Path) -> None:
    path = denoiser_file(tmp_path)
    folder = as_peft(path, {"r": 3, "lora_alpha": 6})
    assert torch.equal(ours(model, lora(folder)), theirs(model, (path, 1.0)))
    with pytest.raises(ModelRefused, match="how strong") as caught:
        check_lora(model.pool, as_file(folder / "adapter_model.safetensors"), model.checkpoint.model)
    assert "folder" in caught.value.hint


def test_strength_zero_is_none(model: Any, tmp_path: Path) -> None:
    patch = lora(diffusers_file(tmp_path), 0.0)
    assert model.checkpoint.model.patched(patch) == model.checkpoint.model
    assert torch.equal(ours(model, patch), theirs(model))


def test_the_model_stays_as_it_is_and_is_not_copied(model: Any, tmp_path: Path) -> None:
    plain, path = model.checkpoint.model, diffusers_file(tmp_path)
    with model.pool.use(plain) as base:
        model.pool.clear()
        before = {name: tensor.clone() for name, tensor in base.module.state_dict().items()}
        held, storages = model.pool.held(), {tensor.data_ptr() for tensor in base.module.parameters()}
        with model.pool.use(plain.patched(lora(path))) as patched:
            shared = [name for name, tensor in patched.module.named_parameters() if tensor.data_ptr() in storages]
            own = [tensor for tensor in patched.module.parameters() if tensor.data_ptr() not in storages]
            assert len(shared) == len(before)
            assert model.pool.held() - held == sum(tensor.nbytes for tensor in own) > 0
            assert not any(tensor.requires_grad for tensor in patched.module.parameters())
        after = base.module.state_dict()
        assert after.keys() == before.keys()
        assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert torch.equal(ours(model), theirs(model))


def test_other_strengths_are_other_modules(model: Any, tmp_path: Path) -> None:
    path = diffusers_file(tmp_path)
    first = ours(model, lora(path, 0.5))
    assert not torch.equal(first, ours(model, lora(path, 0.6)))
    assert torch.equal(first, ours(model, lora(path, 0.5)))


def test_weights_without_a_place_are_counted(model: Any, tmp_path: Path) -> None:
    path = denoiser_file(tmp_path)
    tensors = load_file(path)
    names = sorted(tensors)
    strange = {name.replace("up_blocks", "top_blocks"): tensor for name, tensor in tensors.items()}
    lost = sorted(name for name in strange if "top_blocks" in name)
    save_file(strange, tmp_path / "strange.safetensors")
    with pytest.raises(ModelRefused) as caught:
        check_lora(model.pool, as_file(tmp_path / "strange.safetensors"), model.checkpoint.model)
    assert f"{len(lost)} of {len(names)} weights" in str(caught.value)
    assert f"the first is {lost[0]}" in str(caught.value)
    with (
        pytest.raises(ModelRefused, match="no place"),
        model.pool.use(model.checkpoint.model.patched(lora(tmp_path / "strange.safetensors"))),
    ):
        pass


def test_weights_of_another_size_have_no_place(model: Any, tmp_path: Path, make_model: Callable[..., Any]) -> None:
    larger = make_model(block_out_channels=(24, 48))
    with pytest.raises(ModelRefused, match="have no place"):
        check_lora(larger.pool, as_file(denoiser_file(tmp_path)), larger.checkpoint.model)


def test_weights_for_the_text_encoder_are_checked_with_it(model: Any, tmp_path: Path) -> None:
    tensors = load_file(diffusers_file(tmp_path))
    strange = {name.replace("q_proj", "x_proj"): tensor for name, tensor in tensors.items()}
    save_file(strange, tmp_path / "strange.safetensors")
    file = as_file(tmp_path / "strange.safetensors")
    check_lora(model.pool, file, model.checkpoint.model)
    with pytest.raises(ModelRefused, match=r"the first is text_encoder\..*x_proj"):
        check_lora(model.pool, file, model.checkpoint.model, model.checkpoint.text_encoder)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("lora_unet_x.lora_down.weight", "lora_unet_x.lora_up.weight", "lora_unet_x.lora_mid.weight"), "known format"),
        (("lora_unet_x.hada_w1_a",), "known format"),
        (("lora_unet_x.lora_down.weight", "lora_unet_x.lora_up.weight", "lora_unet_x.dora_scale"), "DoRA"),
        (("conv_in.weight",), "no place"),
    ],
)
def test_other_files_are_refused(model: Any, tmp_path: Path, names: tuple[str, ...], said: str) -> None:
    save_file({name: torch.ones(2, 2) for name in names}, tmp_path / "other.safetensors")
    with pytest.raises(ModelRefused, match=said):
        check_lora(model.pool, as_file(tmp_path / "other.safetensors"), model.checkpoint.model)


def test_broken_settings_and_empty_files_are_refused(model: Any, tmp_path: Path) -> None:
    folder = as_peft(denoiser_file(tmp_path), {"r": 3, "lora_alpha": 6})
    for text, said in (("{", "is not JSON"), ("[]", "is not a JSON object")):
        (folder / "adapter_config.json").write_text(text)
        with pytest.raises(ModelRefused, match=said) as caught:
            check_lora(model.pool, as_file(folder), model.checkpoint.model)
        assert str(tmp_path) not in str(caught.value)
    save_file({}, tmp_path / "empty.safetensors")
    with pytest.raises(ModelRefused, match="holds no weights"):
        check_lora(model.pool, as_file(tmp_path / "empty.safetensors"), model.checkpoint.model)


def test_pickles_are_refused(model: Any, tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1)}, tmp_path / "lora.safetensors")
    with pytest.raises(ModelRefused) as caught:
        check_lora(model.pool, as_file(tmp_path / "lora.safetensors"), model.checkpoint.model)
    assert caught.value.fault == "pickle"


def test_other_families_are_refused(model: Any, tmp_path: Path) -> None:
    path = as_file(denoiser_file(tmp_path))
    strange = replace(model.checkpoint.model, family="other")
    with pytest.raises(ModelRefused, match="'other'"):
        check_lora(model.pool, path, strange)
