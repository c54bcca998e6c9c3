"""Upscalers that others trained, in tiles and whole."""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from graphengine.diffusion.evaluation.likeness import psnr
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.upscaler import CompactUpscaler
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import UpscalerRef
from graphengine.diffusion.upscalers import _normalize
from graphengine.errors import Cancelled, ModelRefused, NodeError
from graphengine.files.digest import sha256
from graphengine.files.roots import File
from graphengine.node.context import FIRST, Attempt
from nodes import EMBEDDED
from nodes.data.draw import draw
from nodes.data.look import look
from nodes.image.resize import scale
from nodes.image.upscale import upscale
from nodes.model.load_upscaler import load_upscaler
from nodes.training.enlarge import enlarge
from nodes.training.load import load_weights

pytestmark = pytest.mark.torch

Saved = Callable[[dict[str, torch.Tensor]], UpscalerRef]


@pytest.fixture(scope="module")
def pool() -> ModelPool:
    return ModelPool(torch.device("cpu"), None)


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    def save(tensors: dict[str, torch.Tensor]) -> UpscalerRef:
        path = tmp_path / "network.safetensors"
        save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, path)
        return load_upscaler(File("network.safetensors", path, sha256(path.read_bytes())))

    return save


def compact(factor: int = 2) -> dict[str, torch.Tensor]:
    """A network that sees five pixels far, and is not the plain enlargement."""
    network = CompactUpscaler(factor, width=8, depth=3)
    torch.nn.init.normal_(network.body[-1].weight, std=0.05)
    return network.state_dict()


def esrgan(width: int = 8, growth: int = 32) -> dict[str, torch.Tensor]:
    """The names and shapes of ESRGAN ×4 in its newer layout, with one block (Wang et al. 2018)."""
    shapes = {"conv_first": (width, 3), "conv_body": (width, width), "conv_up1": (width, width)}
    shapes |= {"conv_up2": (width, width), "conv_hr": (width, width), "conv_last": (3, width)}
    for dense in (1, 2, 3):
        for number in range(1, 6):
            outward = growth if number < 5 else width
            shapes[f"body.0.rdb{dense}.conv{number}"] = (outward, width + growth * (number - 1))
    weights = {f"{name}.weight": torch.randn(*shape, 3, 3) * 0.05 for name, shape in shapes.items()}
    return weights | {f"{name}.bias": torch.zeros(shape[0]) for name, shape in shapes.items()}


def builtin() -> File:
    path = EMBEDDED / "upscaler-x2" / "upscaler-x2.safetensors"
    return File(f"builtin:{path.parent.name}/{path.name}", path, sha256(path.read_bytes()))


def test_the_embedded_upscaler_is_one_that_others_know(pool: ModelPool, notes: Any) -> None:
    large = look(draw(2, size=128, seed=5), 0, 2).image
    small = scale(large, 0.5, "bicubic")
    made = upscale(load_upscaler(builtin()), small, 0, pool=pool, context=notes)
    assert torch.allclose(
        made.pixels, enlarge(small, load_weights(builtin()), pool=pool, context=notes).pixels, atol=1e-5
    )
    assert (psnr(made.pixels, large.pixels) > psnr(scale(small, 2, "bicubic").pixels, large.pixels) + 2).all()


def test_what_is_made_in_tiles_is_what_is_made_whole(pool: ModelPool, saved: Saved, notes: Any) -> None:
    model, image = saved(compact()), Image(torch.rand(1, 83, 117, 3))
    whole = upscale(model, image, 0, pool=pool, context=notes)
    assert whole.pixels.shape == (1, 166, 234, 3)
    assert notes.steps == [(1, 1)]
    tiled = upscale(model, image, 48, 24, pool=pool, context=notes)
    assert len(notes.steps) > 8
    assert (tiled.pixels - whole.pixels).abs().max() < 1e-5, "no seam, and no edge of a tile that is another"
    hard = upscale(model, image, 48, 0, pool=pool, context=notes)
    assert (hard.pixels - whole.pixels).abs().max() > 1e-2, "and without an overlap there would be one"


def test_other_architectures_are_known_by_their_weights(pool: ModelPool, saved: Saved, notes: Any) -> None:
    model, image = saved(esrgan()), Image(torch.rand(2, 20, 28, 4))
    whole = upscale(model, image, 0, pool=pool, context=notes)
    assert whole.pixels.shape == (2, 80, 112, 4)
    assert torch.allclose(whole.pixels[..., 3], scale(image, 4).pixels[..., 3]), "alpha is enlarged for itself"
    tiled = upscale(model, image, 16, 8, pool=pool, context=notes)
    assert (tiled.pixels - whole.pixels).abs().mean() < 0.01


def test_a_network_that_keeps_the_size_restores(pool: ModelPool, saved: Saved, notes: Any) -> None:
    image = Image(torch.rand(1, 16, 24, 3))
    made = upscale(saved(compact(1)), image, pool=pool, context=notes)
    assert made.pixels.shape == image.pixels.shape
    assert not torch.equal(made.pixels, image.pixels)


@pytest.mark.parametrize(("attempt", "tiles"), [(FIRST, 1), (Attempt(1, 1), 6), (Attempt(2, 2), 24)])
def test_without_room_tiles_become_smaller_and_nothing_else(
    attempt: Attempt, tiles: int, pool: ModelPool, saved: Saved, notes: Any
) -> None:
    model, image = saved(compact()), Image(torch.rand(1, 200, 280, 3))
    made = upscale(model, image, 512, 24, pool=pool, context=notes, attempt=attempt)
    assert notes.steps[-1] == (tiles, tiles)
    assert torch.allclose(made.pixels, upscale(model, image, 0, pool=pool, context=notes).pixels, atol=1e-5)


def test_it_can_be_cancelled_between_tiles(pool: ModelPool, saved: Saved, notes: Any) -> None:
    notes.cancel_at = 3
    with pytest.raises(Cancelled):
        upscale(saved(compact()), Image(torch.rand(1, 128, 128, 3)), 32, 8, pool=pool, context=notes)
    assert len(notes.steps) == 3


def test_what_is_wrong_is_said(pool: ModelPool, saved: Saved, notes: Any, model: Any, tmp_path: Path) -> None:
    pickle = tmp_path / "4x.pth"
    torch.save(compact(), pickle)
    image = Image(torch.rand(1, 8, 8, 3))
    with pytest.raises(ModelRefused, match="pickle"):
        load_upscaler(File("4x.pth", pickle, "0" * 64))
    with pytest.raises(ModelRefused, match="folder"):
        load_upscaler(File("model", model.path, "0" * 64))
    with pytest.raises(ModelRefused, match="no upscaler: "):
        saved({"down_blocks.0.lora_A.weight": torch.zeros(2, 2), "down_blocks.0.lora_B.weight": torch.zeros(2, 2)})
    with pytest.raises(ModelRefused, match="of a known architecture"):
        upscale(saved({"something": torch.zeros(3)}), image, pool=pool, context=notes)
    with pytest.raises(NodeError, match="32000 × 32000"):
        upscale(saved(compact()), Image(torch.zeros(1).expand(1, 16000, 16000, 3)), pool=pool, context=notes)
    with pytest.raises(NodeError, match="100 pictures of 3840 × 2160 would have more than 536870912") as caught:
        upscale(saved(compact()), Image(torch.zeros(1).expand(100, 1080, 1920, 3)), pool=pool, context=notes)
    assert caught.value.hint == "Enlarge at most 64 of them at a time."
    assert notes.steps == []


@pytest.mark.skipif(find_spec("torchvision") is not None, reason="torchvision is there")
def test_the_stand_in_is_gone_when_the_library_is_loaded(pool: ModelPool, saved: Saved, notes: Any) -> None:
    upscale(saved(compact()), Image(torch.rand(1, 8, 8, 3)), pool=pool, context=notes)
    assert "spandrel" in sys.modules
    assert not [name for name in sys.modules if name.startswith("torchvision")]


def test_the_stand_in_normalises() -> None:
    pictures = torch.rand(1, 3, 2, 2)
    assert torch.allclose(_normalize(pictures, [0.5] * 3, [0.5, 0.25, 1.0])[0, 1], (pictures[0, 1] - 0.5) * 4)
