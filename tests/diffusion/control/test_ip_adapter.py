"""IP-Adapters, bit for bit as the pipelines of diffusers, in the layouts of the real files."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file, save_file
from tiny_families import Tiny, base
from tiny_models import NEGATIVE, PROMPT, as_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from graphengine.diffusion.control.ip_adapters import open_ip_adapter
from graphengine.diffusion.control.loading import open_control
from graphengine.diffusion.images import to_pil
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.samplers import SAMPLERS
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.codecs import RefCodec
from graphengine.diffusion.types.custom import Weakening
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import Control, ControlNetRef, ModelRef, Patch
from graphengine.errors import ModelRefused, NodeError
from nodes.control.apply import apply
from nodes.control.load_ip_adapter import load_ip_adapter

__all__ = ["base"]

pytestmark = pytest.mark.torch

SIDE, STEPS = 16, 4
HIDDEN, PROJECTED = 64, 24

Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a tiny CLIP vision model."""
    torch.manual_seed(7)
    config = CLIPVisionConfig(
        hidden_size=HIDDEN, intermediate_size=64, projection_dim=PROJECTED, num_hidden_layers=3,
        num_attention_heads=4, image_size=16, patch_size=8,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("clip") / "image_encoder"
    CLIPVisionModelWithProjection(config).save_pretrained(folder)
    return folder


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape) * 0.3


def plain(width: int) -> Tensors:
    return {
        "proj.weight": drawn(4 * width, PROJECTED), "proj.bias": drawn(4 * width),
        "norm.weight": 1 + drawn(width), "norm.bias": drawn(width),
    }  # fmt: skip


def plus(width: int, layers: int = 4) -> Tensors:
    """The resampler of the plus variants."""
    inner = 64
    tensors = {
        "latents": drawn(1, 4, inner), "proj_in.weight": drawn(inner, HIDDEN), "proj_in.bias": drawn(inner),
        "proj_out.weight": drawn(width, inner), "proj_out.bias": drawn(width),
        "norm_out.weight": 1 + drawn(width), "norm_out.bias": drawn(width),
    }  # fmt: skip
    for layer in (f"layers.{index}" for index in range(layers)):
        tensors |= {
            f"{layer}.0.to_q.weight": drawn(inner, inner), f"{layer}.0.to_kv.weight": drawn(2 * inner, inner),
            f"{layer}.0.to_out.weight": drawn(inner, inner),
            f"{layer}.1.1.weight": drawn(4 * inner, inner), f"{layer}.1.3.weight": drawn(inner, 4 * inner),
        }  # fmt: skip
        for norm in (f"{layer}.0.norm1", f"{layer}.0.norm2", f"{layer}.1.0"):
            tensors |= {f"{norm}.weight": 1 + drawn(inner), f"{norm}.bias": drawn(inner)}
    return tensors


def full(width: int) -> Tensors:
    return {
        "proj.0.weight": drawn(HIDDEN, HIDDEN), "proj.0.bias": drawn(HIDDEN),
        "proj.2.weight": drawn(width, HIDDEN), "proj.2.bias": drawn(width),
        "proj.3.weight": 1 + drawn(width), "proj.3.bias": drawn(width),
    }  # fmt: skip


def write(path: Path, unet: Any, make: Callable[[int], Tensors], seed: int = 1) -> Path:
    """Write an adapter for a UNet as they are released: its layers have odd numbers, in the order of diffusers."""
    torch.manual_seed(seed)
    tensors = {f"image_proj.{name}": tensor for name, tensor in make(unet.config.cross_attention_dim).items()}
    layers = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    for index, name in enumerate(layers):
        shape = unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape
        tensors |= {f"ip_adapter.{2 * index + 1}.to_{each}_ip.weight": drawn(*shape) for each in "kv"}
    save_file(tensors, path)
    return path


def picture(seed: int, batch: int = 1) -> Image:
    source = torch.Generator().manual_seed(seed)
    return Image(torch.randint(0, 256, (batch, 20, 24, 3), generator=source).float() / 255)


def ours(model: Any, *controls: Control, **settings: Any) -> torch.Tensor:
    ref = replace(model.checkpoint.model, controls=controls)
    latent = empty_latent(ref, SIDE, SIDE, 2)
    chosen = Sampling(3, STEPS, **{"sampler": "euler", **settings})
    return sample(model.pool, ref, model.positive, model.negative, latent, settings=chosen).samples


def theirs(
    model: Any, files: list[Path], encoder: Path, pictures: list[Image], scales: list[float], **more: Any
) -> Any:
    chosen = SAMPLERS["euler"]
    parts = {
        name: each for name, each in model.components().items() if name not in {"image_encoder", "feature_extractor"}
    }
    pipeline = StableDiffusionPipeline(
        **parts, image_encoder=CLIPVisionModelWithProjection.from_pretrained(encoder), feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    pipeline.scheduler = chosen.scheduler.from_config(pipeline.scheduler.config, **chosen.options)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.load_ip_adapter(
        [str(each.parent) for each in files], subfolder="", weight_name=[each.name for each in files]
    )
    pipeline.set_ip_adapter_scale(scales)
    return pipeline(
        **model.prompts, width=SIDE, height=SIDE, num_inference_steps=STEPS, num_images_per_prompt=2,
        ip_adapter_image=[to_pil(each)[0] for each in pictures], output_type="latent",
        generator=[torch.Generator().manual_seed(3 + i) for i in range(2)], **more,
    ).images  # fmt: skip


@pytest.fixture
def unet(model: Any) -> Any:
    return model.components()["unet"]


@pytest.mark.parametrize("make", [plain, plus, full])
def test_equal_to_the_pipeline(model: Any, unet: Any, encoder: Path, tmp_path: Path, make: Any) -> None:
    file = write(tmp_path / "adapter.safetensors", unet, make)
    ref = load_ip_adapter(as_file(file), as_file(encoder))
    assert (ref.family, ref.variant) == ("ip_adapter", "sd")
    control = Control(ref, picture(1), 0.7)
    assert torch.equal(ours(model, control), theirs(model, [file], encoder, [picture(1)], [0.7]))
    alone = ours(model, control, guidance=1.0)
    assert torch.equal(alone, theirs(model, [file], encoder, [picture(1)], [0.7], guidance_scale=1.0))
    assert not torch.equal(ours(model, control), ours(model))


def test_two_adapters_are_those_of_the_pipeline(model: Any, unet: Any, encoder: Path, tmp_path: Path) -> None:
    files = [write(tmp_path / f"{make.__name__}.safetensors", unet, make) for make in (plain, plus)]
    pictures, scales = [picture(1), picture(2)], [0.7, 0.4]
    refs = [open_ip_adapter(as_file(file), as_file(encoder)) for file in files]
    controls = [Control(*each) for each in zip(refs, pictures, scales, strict=True)]
    assert torch.equal(ours(model, *controls), theirs(model, files, encoder, pictures, scales))


def test_equal_to_the_pipeline_of_sdxl(base: Tiny, encoder: Path, tmp_path: Path) -> None:
    pipeline = base.pipeline(sampler="euler")
    file = write(tmp_path / "adapter.safetensors", pipeline.unet, plain)
    pipeline.register_modules(image_encoder=CLIPVisionModelWithProjection.from_pretrained(encoder))
    pipeline.load_ip_adapter(str(tmp_path), subfolder="", weight_name=file.name)
    pipeline.set_ip_adapter_scale(0.6)
    made = pipeline(
        PROMPT, negative_prompt=NEGATIVE, width=SIDE, height=SIDE, num_inference_steps=STEPS, guidance_scale=5.0,
        ip_adapter_image=to_pil(picture(1))[0], generator=torch.Generator().manual_seed(3), output_type="latent",
    ).images  # fmt: skip
    assert base.checkpoint.model is not None
    ref = replace(open_ip_adapter(as_file(file), as_file(encoder)), variant="sdxl")  # the tiny one reads other widths
    steered = replace(base.checkpoint.model, controls=(Control(ref, picture(1), 0.6),))
    settings = Sampling(3, STEPS, 5.0, sampler="euler")
    found = sample(base.pool, steered, base.positive, base.negative, base.empty(), settings=settings)
    assert torch.equal(found.samples, made)


def test_it_counts_in_its_part_of_the_steps(model: Any, unet: Any, encoder: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "adapter.safetensors", unet, plain)
    control = Control(open_ip_adapter(as_file(file), as_file(encoder)), picture(1))
    assert torch.equal(ours(model, replace(control, start=0.9)), ours(model))
    early, late = (ours(model, replace(control, **part)) for part in ({"end": 0.5}, {"start": 0.5}))
    assert not torch.equal(early, late)
    both = (replace(control, end=0.5), replace(control, start=0.5))
    assert torch.allclose(ours(model, *both), ours(model, control), atol=1e-4)
    assert torch.equal(ours(model), ours(model)), "the model itself is not changed"


def test_each_of_a_batch_has_its_picture(model: Any, unet: Any, encoder: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "adapter.safetensors", unet, plus)
    ref = open_ip_adapter(as_file(file), as_file(encoder))
    two = Image(torch.cat([picture(1).pixels, picture(2).pixels]))
    made = ours(model, Control(ref, two))
    assert torch.allclose(made[:1], ours(model, Control(ref, picture(1)))[:1], atol=1e-4)
    assert torch.allclose(made[1:], ours(model, Control(ref, picture(2)))[1:], atol=1e-4)
    with pytest.raises(NodeError, match="2 pictures do not control a batch that needs 3"):
        steered = replace(model.checkpoint.model, controls=(Control(ref, two),))
        latent = empty_latent(steered, SIDE, SIDE, 3)
        sample(model.pool, steered, model.positive, model.negative, latent, settings=Sampling(3, 1))


def test_beside_a_controlnet_and_a_weakened_model(
    model: Any, unet: Any, networks: list[Path], encoder: Path, tmp_path: Path
) -> None:
    prompt = Control(
        open_ip_adapter(as_file(write(tmp_path / "a.safetensors", unet, plain)), as_file(encoder)), picture(1)
    )
    net = Control(open_control(as_file(networks[0])), picture(2))
    weak = {"weakenings": (Weakening("attention", 2.0),)}
    made = [ours(model, *each) for each in ((), (prompt,), (net,), (prompt, net))]
    made += [ours(model, *each, **weak) for each in ((), (prompt,), (prompt, net))]
    assert all(not torch.equal(a, b) for index, a in enumerate(made) for b in made[:index])


def test_the_node_and_the_codec_take_it(model: Any, unet: Any, encoder: Path, tmp_path: Path) -> None:
    ref = load_ip_adapter(as_file(write(tmp_path / "a.safetensors", unet, plain)), as_file(encoder), "float32")
    assert RefCodec(ControlNetRef).decode(RefCodec(ControlNetRef).encode(ref)) == ref
    steered = apply(model.checkpoint.model, ref, picture(1), 0.5, 0.1, 0.9)
    again: Any = RefCodec(ModelRef).decode(RefCodec(ModelRef).encode(steered))
    assert again == steered
    assert again.controls[0].network.patches == (Patch("image_encoder", as_file(encoder)),)
    assert apply(model.checkpoint.model, ref, picture(1), 0.0) is model.checkpoint.model


def test_wrong_files_are_refused(model: Any, unet: Any, networks: list[Path], encoder: Path, tmp_path: Path) -> None:
    good = write(tmp_path / "good.safetensors", unet, plain)
    faces = {"proj.0.weight": drawn(8, 4), "proj.2.weight": drawn(32, 8), "norm.weight": drawn(32)}
    cases: list[tuple[Path, Path, str]] = [
        (networks[0], encoder, "is no IP-Adapter"),
        (networks[0] / "diffusion_pytorch_model.safetensors", encoder, "is no IP-Adapter"),
        (good, networks[0], "no folder of a CLIP vision model"),
        (good, model.path, "no folder of a CLIP vision model"),
        (good, encoder / "model.safetensors", "no folder of a CLIP vision model"),
        (write(tmp_path / "faces.safetensors", unet, lambda width: faces), encoder, "embeddings of faces"),
    ]
    torch.save({}, tmp_path / "adapter.bin")
    cases.append((tmp_path / "adapter.bin", encoder, "pickle|no safetensors|zip archive"))
    wide = write(
        tmp_path / "wide.safetensors", unet, lambda width: {**plain(width), "proj.weight": drawn(4 * width, 40)}
    )
    cases.append((wide, encoder, "vectors of 40 numbers, .* gives 24"))
    for file, folder, told in cases:
        with pytest.raises(ModelRefused, match=told):
            open_ip_adapter(as_file(file), as_file(folder))


def test_one_of_another_model_is_refused(
    model: Any, make_model: Callable[..., Any], encoder: Path, tmp_path: Path
) -> None:
    other = make_model(cross_attention_dim=48).components()["unet"]
    ref = open_ip_adapter(as_file(write(tmp_path / "a.safetensors", other, plain)), as_file(encoder))
    with pytest.raises(NodeError, match="do not fit the"):
        ours(model, Control(ref, picture(1)))


def test_one_that_is_not_whole_is_refused(model: Any, unet: Any, encoder: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.safetensors", unet, lambda width: plus(width, layers=3))
    with pytest.raises(NodeError, match="IP-Adapter is not whole"):
        ours(model, Control(open_ip_adapter(as_file(file), as_file(encoder)), picture(1)))


def test_an_encoder_that_lacks_weights_is_refused(model: Any, unet: Any, encoder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(json.loads((encoder / "config.json").read_text())))
    tensors = load_file(encoder / "model.safetensors")
    lost = next(name for name in tensors if "layers.0" in name)
    save_file({name: each for name, each in tensors.items() if name != lost}, folder / "model.safetensors")
    ref = open_ip_adapter(as_file(write(tmp_path / "a.safetensors", unet, plain)), as_file(folder))
    with pytest.raises(ModelRefused, match="missing"):
        ours(model, Control(ref, picture(1)))
