"""RIFE's flow network: the layouts in which it was released, and what any of its weights must keep to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ldm_layout import write
from moving import passing
from tiny_models import as_file
from torch import Tensor

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.video.ifnet import FlowNetwork, warped
from graphengine.diffusion.video.learned import open_interpolator
from graphengine.errors import ModelRefused
from graphengine.models.ifnet import Layout, layout_of
from graphengine.models.nature import nature_of
from graphengine.models.source import open_source
from nodes.video.learned import interpolate_with_model, load_interpolator, retime_with_model

pytestmark = pytest.mark.torch

LAYOUTS = {
    "4.6": Layout("", (24, 16, 12, 8), 2, "none", 0, 0, 6, 0),
    "4.7": Layout("module.", (24, 16, 12, 8), 2, "short", 4, 16, 6, 0),
    "4.10": Layout("flownet.", (24, 16, 12, 8), 2, "long", 8, 32, 6, 0),
    "4.25": Layout("module.", (24, 16, 12, 8, 8), 2, "long", 4, 16, 13, 8),
}
"""The layouts of versions, with fewer channels and layers."""

RELEASED = {
    "4.6": (Layout("", (192, 128, 96, 64), 8, "none", 0, 0, 6, 0), [7, 12]),
    "4.7": (Layout("", (192, 128, 96, 64), 8, "short", 4, 16, 6, 0), [15, 20]),
    "4.10": (Layout("", (192, 128, 96, 64), 8, "long", 8, 32, 6, 0), [23, 28]),
    "4.25": (Layout("", (192, 128, 96, 64, 32), 8, "long", 4, 16, 13, 8), [15, 28]),
}

versions = pytest.mark.parametrize("version", LAYOUTS)


def network_of(version: str, seed: int = 0) -> FlowNetwork:
    torch.manual_seed(seed)
    return FlowNetwork(LAYOUTS[version])


def tensors_of(version: str, seed: int = 0) -> dict[str, Tensor]:
    layout = LAYOUTS[version]
    return {f"{layout.prefix}{name}": value for name, value in network_of(version, seed).state_dict().items()}


def silent(network: FlowNetwork) -> FlowNetwork:
    """Let every block tell nothing but its bias."""
    for name, parameter in network.named_parameters():
        if ".lastconv." in name:
            torch.nn.init.zeros_(parameter)
    return network


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[dict[str, Tensor]], Any]:
    def save(tensors: dict[str, Tensor]) -> Any:
        path = tmp_path / "flownet.safetensors"
        write(path, tensors)
        return as_file(path)

    return save


@pytest.mark.parametrize("version", RELEASED)
def test_the_released_layouts(version: str) -> None:
    """What the blocks read in the releases is what a layout says of its shapes."""
    layout, inputs = RELEASED[version]
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in FlowNetwork(layout).state_dict().items()}
    assert [shapes[f"block{index}.conv0.0.0.weight"][1] for index in range(2)] == inputs
    assert shapes["block0.lastconv.0.weight"] == (192, 52 if version == "4.25" else 24, 4, 4)
    assert shapes["block0.convblock.7.beta"] == (1, 192, 1, 1)
    assert layout_of(shapes) == layout


@versions
def test_a_file_is_known_and_read(version: str, saved: Any) -> None:
    trained = {f"{LAYOUTS[version].prefix}teacher.conv0.0.0.weight": torch.ones(1)}
    file = saved(tensors_of(version) | trained)
    assert layout_of({name: tuple(value.shape) for name, value in tensors_of(version).items()}) == LAYOUTS[version]
    nature = nature_of(open_source(file.path))
    assert (nature.role, nature.family) == ("interpolator", "rife")
    ref = load_interpolator(file)
    pool = ModelPool(torch.device("cpu"))
    with pool.use(ref) as network:
        ours, theirs = network.module.state_dict(), network_of(version).state_dict()
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize(
    "change",
    [
        lambda names: names.pop("block1.convblock.1.beta"),
        lambda names: names.update({"block0.lastconv.0.weight": torch.zeros(24, 20, 4, 4)}),
        lambda names: names.update({"block0.conv0.0.0.weight": torch.zeros(12, 11, 3, 3)}),
        lambda names: [names.pop(name) for name in list(names) if name.startswith("block0.")],
    ],
)
def test_other_networks_are_refused(saved: Any, change: Any) -> None:
    names = tensors_of("4.6")
    change(names)
    with pytest.raises(ModelRefused, match="no network for frame interpolation that is known") as caught:
        open_interpolator(saved(names))
    assert "4.6" in caught.value.hint


def test_tensors_without_a_place_are_refused(saved: Any) -> None:
    ref = open_interpolator(saved(tensors_of("4.6") | {"unet.down0.weight": torch.ones(1)}))
    with pytest.raises(ModelRefused, match=r"unet\.down0"), ModelPool(torch.device("cpu")).use(ref):
        pass


def test_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused):
        open_interpolator(as_file(tmp_path))


# ------------------------------------------------------------------ what it computes


@versions
@pytest.mark.parametrize("size", [(64, 64), (37, 50)])
def test_what_does_not_change_stays(version: str, size: tuple[int, int]) -> None:
    """Whatever the network says of it: pixels come from one colour."""
    flat = torch.tensor([0.2, 0.7, 0.4]).reshape(1, 3, 1, 1).expand(1, 3, *size)
    with torch.no_grad():
        made = network_of(version)(flat, flat, 0.3).blended(flat, flat)
    assert made.shape == flat.shape
    assert torch.allclose(made, flat, atol=1e-5)


@versions
def test_time_and_pictures_count(version: str) -> None:
    one, other = torch.rand(2, 1, 3, 64, 64)
    network = network_of(version)
    with torch.no_grad():
        made = [
            network(*pair, time).share for pair, time in (((one, other), 0.2), ((one, other), 0.8), ((other, one), 0.2))
        ]
    assert all(torch.isfinite(each).all() for each in made)
    assert not torch.allclose(made[0], made[1])
    assert not torch.allclose(made[0], made[2])


@versions
def test_a_network_that_sees_nothing_blends(version: str) -> None:
    one, other = torch.rand(2, 1, 3, 40, 40)
    with torch.no_grad():
        between = silent(network_of(version))(one, other, 0.5)
    assert torch.allclose(between.blended(one, other), (one + other) / 2, atol=1e-4)


@versions
def test_flow_adds_up_from_coarse_to_fine(version: str) -> None:
    """Each block tells in pixels of its own size: a bias of 1 is 8, 4, 2 and 1 pixels, and 16 before with five."""
    network = silent(network_of(version))
    blocks = len(LAYOUTS[version].widths)
    with torch.no_grad():
        for index in range(blocks):
            last = network.get_submodule(f"block{index}").lastconv[0]
            last.bias[:4] = 0.2  # x to the first picture, in the four places of a pixel
            last.bias[12:16] = -0.2  # y to the second
            last.bias[16:20] = 1.0
        one, other = torch.rand(2, 1, 3, 64, 64)
        between = network(one, other, 0.5)
    whole = 0.2 * (2**blocks - 1)
    for told, (x, y) in ((between.to_first, (whole, 0.0)), (between.to_second, (0.0, -whole))):
        assert torch.allclose(told[0, 0], torch.full((64, 64), x), atol=1e-4)
        assert torch.allclose(told[0, 1], torch.full((64, 64), y), atol=1e-4)
    added = blocks if version == "4.6" else 1  # with features each block tells the whole blend
    assert torch.allclose(between.share, torch.sigmoid(torch.tensor(float(added))).expand(1, 1, 64, 64), atol=1e-5)


def test_warping_fetches_from_where_the_flow_points() -> None:
    picture = torch.rand(1, 4, 9, 12)
    flow = torch.zeros(1, 2, 9, 12)
    assert torch.allclose(warped(picture, flow), picture, atol=1e-5)
    flow[:, 0], flow[:, 1] = 2, -1
    assert torch.allclose(warped(picture, flow)[..., 1:, :-2], picture[..., :-1, 2:], atol=1e-5)
    flow[:, 0] = 100
    assert torch.allclose(warped(picture, flow)[..., 1:, :], picture[..., :-1, -1:].expand(-1, -1, -1, 12), atol=1e-5)


# ------------------------------------------------------------------ frame by frame


def test_frames_between_frames(saved: Any) -> None:
    ref = load_interpolator(saved(tensors_of("4.6")))
    pool = ModelPool(torch.device("cpu"))
    frames = list(passing(3, size=48))
    made = list(interpolate_with_model(ref, frames, 3, cut=1.0, pool=pool))
    assert len(made) == 7
    assert all(torch.equal(one.pixels, other.pixels) for one, other in zip(made[::3], frames, strict=True))
    assert not torch.equal(made[1].pixels, made[2].pixels)
    assert len(list(retime_with_model(ref, frames, 24, 36, pool=pool))) == 4
    with_alpha = [Image(torch.rand(1, 20, 24, 4)) for _ in range(2)]
    assert [each.pixels.shape for each in interpolate_with_model(ref, with_alpha, cut=1.0, pool=pool)] == [
        (1, 20, 24, 4)
    ] * 3


def test_frames_are_taken_when_they_are_needed(saved: Any) -> None:
    ref = load_interpolator(saved(tensors_of("4.25")))
    taken: list[int] = []

    def counted() -> Any:
        for index, frame in enumerate(passing(6, size=48)):
            taken.append(index)
            yield frame

    made = interpolate_with_model(ref, counted(), 2, pool=ModelPool(torch.device("cpu")))
    next(made)
    next(made)
    assert taken == [0, 1]
    assert torch.is_grad_enabled()


def test_a_cut_is_no_motion(saved: Any) -> None:
    ref = load_interpolator(saved(tensors_of("4.6")))
    one = next(passing(1, size=48))
    other = Image(1 - one.pixels.flip(1))
    pool = ModelPool(torch.device("cpu"))
    held = list(interpolate_with_model(ref, [one, other], 2, pool=pool))[1]
    assert torch.equal(held.pixels, one.pixels)
    mixed = list(interpolate_with_model(ref, [one, other], 2, cut=1.0, pool=pool))[1]
    assert np.abs(mixed.pixels.numpy() - one.pixels.numpy()).max() > 0.01
