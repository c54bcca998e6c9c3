"""Noise that moves: it goes where the picture goes, and stays white."""

import numpy as np
import pytest
import torch
from moving import passing

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent, LatentSpec
from graphengine.diffusion.video.noise import MovingNoise
from graphengine.errors import NodeError
from nodes.video.noise import warp_noise

pytestmark = pytest.mark.torch


def empty(height: int = 12, width: int = 12) -> Latent:
    return Latent(torch.zeros(1, 4, height, width), "sd", LatentSpec())


def textured(side: int = 96) -> Image:
    coarse = torch.rand(1, 3, side // 12, side // 12)
    smooth = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 1)
    return Image(smooth.permute(0, 2, 3, 1).contiguous())


def test_noise_goes_where_the_picture_goes() -> None:
    picture = textured()
    moved = Image(picture.pixels.roll((8, 8), (1, 2)))
    first, second = (each.noise for each in warp_noise([empty()] * 2, [picture, moved], 5))
    assert first is not None
    assert second is not None
    inner = (slice(None), slice(None), slice(3, 10), slice(4, 10))
    rolled = first.roll((1, 1), (2, 3))
    assert torch.corrcoef(torch.stack((second[inner].flatten(), rolled[inner].flatten())))[0, 1] > 0.9


def test_parts_of_pixels_add_up() -> None:
    picture = textured(96).pixels[0].numpy()
    moving = MovingNoise(1, 8, 0)
    frames = [np.ascontiguousarray(picture[:, shift : shift + 64]) for shift in range(0, 24, 1)]
    start = moving.follow(frames[0])
    for frame in frames[1:17]:
        last = moving.follow(frame)
    assert torch.corrcoef(torch.stack((last[..., 1:-1, 1:5].flatten(), start[..., 1:-1, 3:7].flatten())))[0, 1] > 0.7


def test_what_does_not_move_keeps_its_noise_and_another_seed_has_another() -> None:
    still = next(passing(1, size=96))
    one, two = warp_noise([empty()] * 2, [still, still], 5)
    (other,) = warp_noise([empty()], [still], 6)
    assert one.noise is not None
    assert other.noise is not None
    assert torch.equal(one.noise, two.noise)  # type: ignore[arg-type]
    assert not torch.allclose(one.noise, other.noise)


def test_noise_stays_white() -> None:
    moving = MovingNoise(4, 8, 1)
    picture = textured(160).pixels[0].numpy()
    for zoom in range(8):  # things grow: several pixels come from one
        side = 160 - 8 * zoom
        part = Image(torch.from_numpy(picture[None, :side, :side].copy()))
        planes = torch.nn.functional.interpolate(part.pixels.permute(0, 3, 1, 2), (160, 160), mode="bilinear")
        noise = moving.follow(planes[0].permute(1, 2, 0).contiguous().numpy())
    assert float(noise.mean()) == pytest.approx(0, abs=0.1)
    assert float(noise.std()) == pytest.approx(1, abs=0.08)
    beside = torch.corrcoef(torch.stack((noise[..., 1:].flatten(), noise[..., :-1].flatten())))[0, 1]
    assert abs(float(beside)) < 0.1


def test_what_does_not_fit_is_refused() -> None:
    frames = list(passing(1, size=96))
    with pytest.raises(NodeError, match="without a frame, from number 2"):
        list(warp_noise([empty()] * 2, frames))
    with pytest.raises(NodeError, match="does not fit"):
        list(warp_noise([empty(8, 8)], frames))
