"""Single files of Flux.1, SD 3 and Wan, and their configurations."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLWan,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    WanTransformer3DModel,
)
from diffusers.loaders.single_file_utils import (
    convert_flux_transformer_checkpoint_to_diffusers,
    convert_wan_transformer_to_diffusers,
    convert_wan_vae_to_diffusers,
)
from ldm_layout import vae_names, write
from released_layout import flux_names, sd3_names, wan_names, wan_vae_names
from tiny_families import Tiny, make_flux, make_projected_encoder, make_sd3, make_wan, open_tiny, picture
from tiny_models import as_file
from torch import Tensor

from graphengine.diffusion.families.clip_vocabulary import clip_tokenizer
from graphengine.diffusion.families.family import CONFIGS
from graphengine.diffusion.families.flux import Flux
from graphengine.diffusion.families.sd3 import StableDiffusion3
from graphengine.diffusion.families.table import open_checkpoint
from graphengine.diffusion.families.wan import Wan
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import LatentSpec
from graphengine.diffusion.types.refs import TextEncoderRef
from graphengine.diffusion.vae import encode
from graphengine.errors import ModelRefused
from graphengine.models.nature import nature_of
from graphengine.models.source import open_source

pytestmark = pytest.mark.torch

PREFIX = "model.diffusion_model."


def prefixed(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in state.items()}


def open_file(path: Path, family: Any) -> Tiny:
    families = {family.name: family}
    pool = ModelPool(torch.device("cpu"), families=families)
    return Tiny(path, None, open_checkpoint(as_file(path), families=families), pool)


def configs_of(folder: Path, root: Path, name: str) -> Path:
    """A folder of configurations of which one is that of a model."""
    root.mkdir()
    (root / name).symlink_to(folder)
    return root


def assert_equal(one: Any, other: Any) -> None:
    for mine, theirs in zip(one.modules, other.modules, strict=True):
        ours, expected = mine.state_dict(), theirs.state_dict()
        assert ours.keys() == expected.keys()
        assert all(torch.equal(ours[name], expected[name]) for name in ours)


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_sd3_from_a_file(make_tiny: Callable[..., Tiny], tmp_path: Path, prefix: str) -> None:
    tokenizers = clip_tokenizer("<|endoftext|>"), clip_tokenizer("!")
    torch.manual_seed(0)
    first, second = (
        make_projected_encoder(each, width, 49408) for each, width in zip(tokenizers, (16, 20), strict=True)
    )
    first.text_projection = torch.nn.Linear(16, 16, bias=False)
    first.text_projection.weight.data = torch.eye(16)  # the first has none of its own
    first.config.projection_dim = 16
    pipeline = make_sd3(t5=False, tokenizers=tokenizers, first=first, second=second, pooled=36)
    folder = make_tiny(pipeline)
    state = prefixed(sd3_names(pipeline.transformer), prefix) | vae_names(pipeline.vae)
    clip_l = {name: value for name, value in first.state_dict().items() if name != "text_projection.weight"}
    state |= prefixed(clip_l, "text_encoders.clip_l.transformer.")
    state |= prefixed(second.state_dict(), "text_encoders.clip_g.transformer.")
    path = tmp_path / "model.safetensors"
    if prefix:
        write(path, state)
        made = open_file(path, StableDiffusion3(configs_of(folder.path, tmp_path / "configs", "sd3_medium")))
        for part in ("model", "text_encoder", "vae"):
            refs: list[Any] = [getattr(each.checkpoint, part) for each in (made, folder)]
            with made.pool.use(refs[0]) as one, folder.pool.use(refs[1]) as two:
                assert_equal(one, two)
        ours, theirs = (
            each.sample(each.empty(), seed=1, positive=each.text("red"), negative=each.text("")).samples
            for each in (made, folder)
        )
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    else:
        write(path, sd3_names(pipeline.transformer))
        made = open_file(path, StableDiffusion3(configs_of(folder.path, tmp_path / "configs", "sd3_medium")))
        assert (made.checkpoint.text_encoder, made.checkpoint.vae) == (None, None)
        with made.pool.use(made.checkpoint.model) as one, folder.pool.use(folder.checkpoint.model) as two:  # type: ignore[call-overload]
            assert_equal(one, two)


@pytest.mark.parametrize("guidance", [True, False])
@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_flux_from_a_file(make_tiny: Callable[..., Tiny], tmp_path: Path, prefix: str, *, guidance: bool) -> None:
    """What is in it, and its autoencoder; the converter of transformers knows the released width alone."""
    pipeline = make_flux(guidance=guidance)
    folder = make_tiny(pipeline)
    variant = "dev" if guidance else "schnell"
    vae = {name.replace("first_stage_model.", "vae."): value for name, value in vae_names(pipeline.vae).items()}
    path = tmp_path / "model.safetensors"
    write(path, prefixed(flux_names(pipeline.transformer), prefix) | (vae if prefix else {}))
    nature = nature_of(open_source(path))
    assert (nature.family, nature.variant, nature.loads) == ("flux", variant, True)
    made = open_file(path, Flux(configs_of(folder.path, tmp_path / "configs", f"flux_{variant}")))
    model = made.checkpoint.model
    assert model is not None
    assert (model.variant, model.prediction) == (variant, "flow")
    assert model.latent == (folder.empty().spec if prefix else LatentSpec(16, 8, 2))  # without one, that of the release
    assert made.checkpoint.text_encoder is None
    if prefix:
        ours, theirs = (encode(each.pool, each.checkpoint.vae, picture()) for each in (made, folder))  # type: ignore[arg-type]
        assert ours.spec == model.latent
        assert torch.allclose(ours.samples, theirs.samples, atol=1e-5)
    ref = TextEncoderRef(as_file(path), "flux", variant)
    with pytest.raises(ModelRefused, match="no vocabulary of T5") as caught, made.pool.use(ref):
        pass
    assert "diffusers folder" in caught.value.hint


@pytest.mark.parametrize("layout", ["released", "prefixed", "renamed"])
def test_wan_from_a_file(make_tiny: Callable[..., Tiny], tmp_path: Path, layout: str) -> None:
    """Its sizes are read from the tensors: here another number of blocks than the configuration says."""
    pipeline = make_wan()
    folder = make_tiny(pipeline)
    configs = configs_of(folder.path, tmp_path / "configs", "wan_t2v")
    torch.manual_seed(1)
    changes = {"num_layers": 3, "ffn_dim": 40, "num_attention_heads": 3}
    module: Any = WanTransformer3DModel.from_config({**pipeline.transformer.config, **changes})
    names = module.state_dict() if layout == "renamed" else wan_names(module)
    path = tmp_path / "model.safetensors"
    write(path, prefixed(names, PREFIX) if layout == "prefixed" else names)
    nature = nature_of(open_source(path))
    assert (nature.role, nature.family, nature.variant, nature.loads) == ("denoiser", "wan", "t2v", True)
    made = open_file(path, Wan(configs))
    model = made.checkpoint.model
    assert model is not None
    assert model.latent == folder.empty().spec == LatentSpec(16, 8, 2, 4)
    assert (made.checkpoint.text_encoder, made.checkpoint.vae) == (None, None)
    with made.pool.use(model) as denoiser:
        assert denoiser.scheduler["shift"] == 3.0
        ours, theirs = denoiser.module.state_dict(), module.state_dict()
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    ref = TextEncoderRef(as_file(path), "wan", "t2v")
    with pytest.raises(ModelRefused, match="no vocabulary of UMT5") as caught, made.pool.use(ref):
        pass
    assert "diffusers folder" in caught.value.hint


@pytest.mark.parametrize("released", [True, False])
def test_the_autoencoder_of_wan_from_a_file(make_tiny: Callable[..., Tiny], tmp_path: Path, *, released: bool) -> None:
    pipeline = make_wan()
    torch.manual_seed(1)
    pipeline.vae = AutoencoderKLWan(base_dim=4, z_dim=16)
    folder = make_tiny(pipeline)
    path = tmp_path / "vae.safetensors"
    write(path, wan_vae_names(pipeline.vae) if released else pipeline.vae.state_dict())
    nature = nature_of(open_source(path))
    assert (nature.role, nature.family, nature.loads) == ("vae", "wan", False)
    made = open_file(path, Wan(configs_of(folder.path, tmp_path / "configs", "wan_t2v")))
    assert (made.checkpoint.model, made.checkpoint.text_encoder) == (None, None)
    frames = Image(torch.rand(5, 16, 16, 3))
    ours, theirs = (encode(each.pool, each.checkpoint.vae, frames) for each in (made, folder))  # type: ignore[arg-type]
    assert ours == theirs


def test_the_released_layout_of_wan_is_that_of_the_configuration() -> None:
    config = WanTransformer3DModel.load_config(CONFIGS / "wan_t2v" / "transformer")
    with torch.device("meta"):
        module: Any = WanTransformer3DModel.from_config({**config, "num_layers": 1})
        vae: Any = AutoencoderKLWan.from_config(AutoencoderKLWan.load_config(CONFIGS / "wan_t2v" / "vae"))
        converted = convert_wan_transformer_to_diffusers(prefixed(wan_names(module), PREFIX))
        coded = convert_wan_vae_to_diffusers(wan_vae_names(vae))
    for found, made in ((converted, module), (coded, vae)):
        assert {name: value.shape for name, value in found.items()} == {
            name: value.shape for name, value in made.state_dict().items()
        }
    assert sum(p.numel() for p in vae.parameters()) == 126_892_531


@pytest.mark.parametrize("mark", ["scaled_fp8", "double_blocks.0.img_attn.qkv.scale_weight", "x.quant_state.nf4"])
def test_quantized_weights_are_refused(tmp_path: Path, mark: str) -> None:
    """Read as if they were plain, they would make pictures of noise."""
    path = tmp_path / "model.safetensors"
    write(path, flux_names(make_flux().transformer) | {mark: torch.ones(1)})
    with pytest.raises(ModelRefused, match="quantized") as caught:
        open_checkpoint(as_file(path))
    assert "fp16" in caught.value.hint
    assert not nature_of(open_source(path)).loads


def test_a_folder_whose_weights_lie_in_pieces(dev: Tiny, tmp_path: Path) -> None:
    path = tmp_path / "pieces"
    make_flux().save_pretrained(path, max_shard_size="40KB")
    assert len(list((path / "transformer").glob("*.safetensors"))) > 1
    assert len(list((path / "text_encoder_2").glob("*.safetensors"))) > 1
    made = open_tiny(path, type(None))
    refs: list[Any] = [made.checkpoint.model, dev.checkpoint.model]
    with made.pool.use(refs[0]) as one, dev.pool.use(refs[1]) as two:
        assert_equal(one, two)
    assert made.text("red") == dev.text("red")


@pytest.mark.parametrize("variant", ["dev", "schnell"])
def test_the_released_layout_of_flux_is_that_of_the_configuration(variant: str) -> None:
    config = FluxTransformer2DModel.load_config(CONFIGS / f"flux_{variant}" / "transformer")
    with torch.device("meta"):
        module = FluxTransformer2DModel.from_config({**config, "num_layers": 1, "num_single_layers": 1})
        converted = convert_flux_transformer_checkpoint_to_diffusers(prefixed(flux_names(module), PREFIX))
    assert {name: value.shape for name, value in converted.items()} == {
        name: value.shape for name, value in module.state_dict().items()
    }


@pytest.mark.parametrize(
    ("name", "kind", "size"),
    [
        ("flux_dev", FluxTransformer2DModel, 11_901_408_320),
        ("flux_schnell", FluxTransformer2DModel, 11_891_178_560),
        ("sd3_medium", SD3Transformer2DModel, 2_028_328_000),
        ("sd3_medium35", SD3Transformer2DModel, 2_243_171_520),
        ("sd3_large35", SD3Transformer2DModel, 8_056_627_520),
    ],
)
def test_the_configurations_describe_the_released_models(name: str, kind: Any, size: int) -> None:
    with torch.device("meta"):
        module = kind.from_config(kind.load_config(CONFIGS / name / "transformer"))
        vae = AutoencoderKL.from_config(AutoencoderKL.load_config(CONFIGS / name / "vae"))
    assert sum(p.numel() for p in module.parameters()) == size
    assert sum(p.numel() for p in vae.parameters()) == 83_819_683
