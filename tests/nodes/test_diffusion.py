"""The nodes of diffusion, called as functions and as a workflow."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from fake_models import until
from PIL import Image as Pillow
from tiny_models import PROMPT, as_file

from graphengine.app import Engine, load_settings
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import Cancelled, ModelRefused, NodeError
from graphengine.node.declare import spec_of
from graphengine.node.registry import Registry
from graphengine.types.socket_type import TypeRef
from nodes import PACK
from nodes.latent.empty import empty
from nodes.latent.set_mask import set_mask
from nodes.model.load import Parts, load
from nodes.sampling.sample import sample
from nodes.text.clip_skip import clip_skip
from nodes.text.encode import encode as encode_text
from nodes.vae.decode import decode
from nodes.vae.encode import encode as encode_picture
from nodes.vae.encode_masked import encode_masked

pytestmark = pytest.mark.torch


@pytest.fixture
def parts(model: Any) -> Parts:
    return load(as_file(model.path))


def test_the_pool_loads_ahead_what_the_engine_says_will_come(parts: Parts) -> None:
    engine = Engine(load_settings(), packs=(PACK,))
    types, executor = engine.registry.types, engine.executor
    linked = {
        "model": executor.adopt(TypeRef("Model"), types["Model"].codec.encode(parts.model)),
        "latent": executor.adopt(TypeRef("Int"), types["Int"].codec.encode(3)),
    }
    executor.foresee(spec_of(load), linked)  # it opens files, and wants no pool
    pool = engine.services[ModelPool]
    assert pool.held() == 0
    executor.foresee(spec_of(sample), linked)
    until(lambda: pool.held() > 0)
    engine.close()
    assert pool.held() == 0


def test_what_uses_the_pool_has_the_lane_whose_workers_share_the_device() -> None:
    users = [spec for spec in Registry((PACK,)).nodes.values() if ModelPool in {each.python for each in spec.injected}]
    assert {spec.lane for spec in users} == {"gpu"}


def test_load_opens_the_parts_of_a_folder(model: Any, parts: Parts) -> None:
    assert parts.model == model.checkpoint.model
    half = load(as_file(model.path), "float16", "v_prediction")
    assert (half.vae.dtype, half.model.prediction) == ("float16", "v_prediction")


def test_load_refuses_what_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    torch.save({"weight": torch.zeros(1)}, path)
    with pytest.raises(ModelRefused, match="pickle"):
        load(as_file(path))


def test_load_wants_the_whole_model(tmp_path: Path, model: Any) -> None:
    from_folder = model.path / "unet" / "diffusion_pytorch_model.safetensors"
    with pytest.raises(NodeError):
        load(as_file(from_folder))


def test_encode_text(model: Any, parts: Parts) -> None:
    assert encode_text(parts.text_encoder, PROMPT, pool=model.pool) == model.positive


def test_clip_skip(model: Any, parts: Parts) -> None:
    skipped = clip_skip(parts.text_encoder)
    assert clip_skip(skipped, 0) == parts.text_encoder
    assert encode_text(skipped, PROMPT, pool=model.pool) != model.positive


def test_empty_latent(parts: Parts) -> None:
    assert empty(parts.model, 32, 16, 2).samples.shape == (2, 4, 8, 16)
    with pytest.raises(NodeError, match="multiples of 2"):
        empty(parts.model, 31, 16)


def test_sample_reports_and_shows(model: Any, parts: Parts, notes: Any) -> None:
    latent = empty(parts.model, 16, 16)
    result = sample(parts.model, model.positive, model.negative, latent, steps=3, pool=model.pool, context=notes)
    assert notes.steps == [(1, 3), (2, 3), (3, 3)]
    with Pillow.open(io.BytesIO(notes.previews[0].data)) as picture:
        assert picture.size == (notes.previews[0].width, notes.previews[0].height) == (8, 8)
    assert not torch.equal(result.samples, latent.samples)


def test_sample_stops_when_the_run_is_cancelled(model: Any, parts: Parts, notes: Any) -> None:
    notes.cancel_at = 2
    latent = empty(parts.model, 16, 16)
    with pytest.raises(Cancelled):
        sample(parts.model, model.positive, model.negative, latent, pool=model.pool, context=notes)
    assert len(notes.steps) == 2


@pytest.mark.parametrize("tiled", [False, True])
def test_pictures_and_latents(model: Any, parts: Parts, tiled: bool) -> None:
    latent = empty(parts.model, 160, 96)
    image = decode(parts.vae, latent, tiled, 64, 16, pool=model.pool)
    assert (image.width, image.height) == (160, 96)
    again = encode_picture(parts.vae, image, tiled, 64, 16, pool=model.pool)
    assert again.samples.shape == latent.samples.shape


def test_encode_picture_names_sides_that_fit(model: Any, parts: Parts) -> None:
    with pytest.raises(NodeError, match="multiples of 2"):
        encode_picture(parts.vae, Image(torch.zeros(1, 15, 16, 3)), pool=model.pool)


def test_encode_masked_marks_what_may_change(model: Any, parts: Parts, notes: Any) -> None:
    image, mask = Image(torch.zeros(1, 16, 16, 3)), Mask(torch.zeros(1, 16, 16))
    latent = encode_masked(parts.vae, image, mask, pool=model.pool)
    result = sample(parts.model, model.positive, model.negative, latent, steps=1, pool=model.pool, context=notes)
    assert torch.equal(result.samples, latent.samples)


def test_set_mask(parts: Parts) -> None:
    latent = empty(parts.model, 16, 16)
    mask = Mask(torch.ones(1, 16, 16))
    assert set_mask(latent, mask).mask == mask
    assert set_mask(set_mask(latent, mask)) == latent


def test_the_pack_is_whole() -> None:
    registry = Registry((PACK,))
    assert {
        "model.load",
        "text.encode",
        "text.clip_skip",
        "latent.empty",
        "latent.set_mask",
        "sampling.sample",
        "vae.decode",
        "vae.encode",
        "vae.encode_masked",
    } <= registry.nodes.keys()
    assert spec_of(sample).lane == "gpu"
    assert [str(output.type) for output in spec_of(load).outputs] == ["Model", "TextEncoder", "Vae"]
