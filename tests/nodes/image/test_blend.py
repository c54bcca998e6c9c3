"""Blending against the formulas of the W3C, written with numpy."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from nodes.image.blend import Mode, blend

pytestmark = pytest.mark.torch

Noise = Callable[..., Image]
Masks = Callable[..., Mask]


def soft_light(b: float, s: float) -> float:
    if s <= 0.5:
        return b - (1 - 2 * s) * b * (1 - b)
    d = ((16 * b - 12) * b + 4) * b if b <= 0.25 else b**0.5
    return b + (2 * s - 1) * (d - b)


def hard_light(b: float, s: float) -> float:
    return b * 2 * s if s <= 0.5 else b + (2 * s - 1) - b * (2 * s - 1)


FORMULAS: dict[Mode, Callable[[float, float], float]] = {
    "normal": lambda b, s: s,
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: 1 - (1 - b) * (1 - s),
    "overlay": lambda b, s: hard_light(s, b),
    "soft_light": soft_light,
    "difference": lambda b, s: abs(b - s),
    "add": lambda b, s: min(1.0, b + s),
}


@pytest.mark.parametrize("mode", list(FORMULAS))
def test_formulas(mode: Mode, noise: Noise) -> None:
    base, layer = noise(height=20), noise(height=20)
    expected = np.vectorize(FORMULAS[mode])(base.pixels.double().numpy(), layer.pixels.double().numpy())
    assert np.allclose(blend(base, layer, mode).pixels.numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("mode", list(FORMULAS))
def test_opacity_and_mask_mix_with_the_base(mode: Mode, noise: Noise, mask_noise: Masks) -> None:
    base, layer, mask = noise(), noise(), mask_noise()
    full = blend(base, layer, mode).pixels
    share = mask.values.unsqueeze(-1) * 0.4
    mixed = blend(base, layer, mode, 0.4, mask).pixels
    assert torch.allclose(mixed, base.pixels * (1 - share) + full * share, atol=1e-6)


def test_nothing_of_the_layer_is_the_base(noise: Noise) -> None:
    base, layer = noise(), noise()
    assert torch.allclose(blend(base, layer, "screen", 0.0).pixels, base.pixels)


@pytest.mark.parametrize("mode", list(FORMULAS))
def test_transparency_of_both(mode: Mode, noise: Noise) -> None:
    base, layer = noise(channels=4), noise(channels=4)
    b, s = (each.pixels.double().numpy() for each in (base, layer))
    ab, as_ = b[..., 3:], s[..., 3:]
    mixed = (1 - ab) * s[..., :3] + ab * np.vectorize(FORMULAS[mode])(b[..., :3], s[..., :3])
    alpha = as_ + ab * (1 - as_)
    expected = (as_ * mixed + (1 - as_) * ab * b[..., :3]) / alpha
    result = blend(base, layer, mode).pixels.numpy()
    assert np.allclose(result[..., 3:], alpha, atol=1e-6)
    assert np.allclose(result[..., :3], expected, atol=1e-4)


def test_nothing_on_nothing_is_nothing() -> None:
    clear = Image(torch.zeros(1, 2, 2, 4))
    assert blend(clear, clear) == clear


def test_alpha_of_the_layer_is_a_mask(noise: Noise, mask_noise: Masks) -> None:
    base, layer, mask = noise(), noise(), mask_noise()
    with_alpha = Image(torch.cat((layer.pixels, mask.values.unsqueeze(-1)), dim=-1))
    assert torch.allclose(blend(base, with_alpha).pixels, blend(base, layer, mask=mask).pixels)


def test_one_picture_beside_a_batch(noise: Noise) -> None:
    base, layer = noise(batch=1), noise(batch=3, channels=4)
    assert blend(base, layer).pixels.shape == (3, 6, 8, 3)
    assert blend(layer, base).pixels.shape == (3, 6, 8, 4)


def test_one_picture_and_a_batch_of_masks(noise: Noise, mask_noise: Masks) -> None:
    assert blend(noise(), noise(), mask=mask_noise(batch=4)).batch == 4
    assert blend(noise(channels=4), noise(), mask=mask_noise(batch=4)).pixels.shape == (4, 6, 8, 4)


def test_sizes_must_match(noise: Noise, mask_noise: Masks) -> None:
    with pytest.raises(NodeError, match="the base is 8 × 6, the layer is 9 × 6") as caught:
        blend(noise(), noise(width=9))
    assert "Resize" in caught.value.hint
    with pytest.raises(NodeError, match="the mask is 8 × 5"):
        blend(noise(), noise(), mask=mask_noise(height=5))


def test_batches_must_match(noise: Noise) -> None:
    with pytest.raises(NodeError, match="the base has 2, the layer has 3"):
        blend(noise(batch=2), noise(batch=3))
