"""Blending against the formulas of the W3C, written with numpy."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from graphengine.diffusion.blending import BLEND_MODES, BlendMode
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from nodes.image.blend import blend

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


def dodge(b: float, s: float) -> float:
    if b == 0:
        return 0.0
    return 1.0 if s >= 1 else min(1.0, b / (1 - s))


def burn(b: float, s: float) -> float:
    if b == 1:
        return 1.0
    return 0.0 if s <= 0 else 1 - min(1.0, (1 - b) / s)


FORMULAS: dict[BlendMode, Callable[[float, float], float]] = {
    "normal": lambda b, s: s,
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: 1 - (1 - b) * (1 - s),
    "overlay": lambda b, s: hard_light(s, b),
    "soft_light": soft_light,
    "difference": lambda b, s: abs(b - s),
    "add": lambda b, s: min(1.0, b + s),
    "hard_light": hard_light,
    "darken": min,
    "lighten": max,
    "colour_dodge": dodge,
    "colour_burn": burn,
    "exclusion": lambda b, s: b + s - 2 * b * s,
    "subtract": lambda b, s: max(0.0, b - s),
    "divide": lambda b, s: min(1.0, b / s),
    "linear_burn": lambda b, s: max(0.0, b + s - 1),
    "linear_light": lambda b, s: min(1.0, max(0.0, b + 2 * s - 1)),
    "vivid_light": lambda b, s: burn(b, 2 * s) if s <= 0.5 else dodge(b, 2 * s - 1),
    "pin_light": lambda b, s: min(b, 2 * s) if s <= 0.5 else max(b, 2 * s - 1),
}


def lum(colour: np.ndarray) -> float:
    return float(colour @ [0.3, 0.59, 0.11])


def sat(colour: np.ndarray) -> float:
    return float(colour.max() - colour.min())


def set_lum(colour: np.ndarray, level: float) -> np.ndarray:
    colour = colour + level - lum(colour)
    grey, least, most = lum(colour), colour.min(), colour.max()
    if least < 0:
        colour = grey + (colour - grey) * grey / (grey - least)
    if most > 1:
        colour = grey + (colour - grey) * (1 - grey) / (most - grey)
    return colour


def set_sat(colour: np.ndarray, amount: float) -> np.ndarray:
    return (colour - colour.min()) / (colour.max() - colour.min()) * amount


WHOLE: dict[BlendMode, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "hue": lambda b, s: set_lum(set_sat(s, sat(b)), lum(b)),
    "saturation": lambda b, s: set_lum(set_sat(b, sat(s)), lum(b)),
    "colour": lambda b, s: set_lum(s, lum(b)),
    "luminosity": lambda b, s: set_lum(b, lum(s)),
}
"""The modes that look at all three channels of a colour at once."""


def test_every_mode_is_tried() -> None:
    assert {*FORMULAS, *WHOLE} == set(BLEND_MODES)


@pytest.mark.parametrize("mode", list(WHOLE))
def test_formulas_of_whole_colours(mode: BlendMode, noise: Noise) -> None:
    base, layer = noise(height=20), noise(height=20)
    below, above = (each.pixels.double().numpy().reshape(-1, 3) for each in (base, layer))
    expected = np.stack([WHOLE[mode](b, s) for b, s in zip(below, above, strict=True)])
    assert np.allclose(blend(base, layer, mode).pixels.numpy().reshape(-1, 3), expected, atol=1e-5)


@pytest.mark.parametrize("mode", BLEND_MODES)
def test_black_and_white_stay_within_bounds(mode: BlendMode) -> None:
    ends = torch.tensor([0.0, 0.5, 1.0])
    base = Image(torch.cartesian_prod(ends, ends, ends)[None, None])
    for colour in base.pixels[0, 0]:
        found = blend(base, Image(colour.expand_as(base.pixels).contiguous()), mode).pixels
        assert torch.isfinite(found).all()
        assert 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize("mode", list(FORMULAS))
def test_formulas(mode: BlendMode, noise: Noise) -> None:
    base, layer = noise(height=20), noise(height=20)
    expected = np.vectorize(FORMULAS[mode])(base.pixels.double().numpy(), layer.pixels.double().numpy())
    assert np.allclose(blend(base, layer, mode).pixels.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("mode", list(FORMULAS))
def test_opacity_and_mask_mix_with_the_base(mode: BlendMode, noise: Noise, mask_noise: Masks) -> None:
    base, layer, mask = noise(), noise(), mask_noise()
    full = blend(base, layer, mode).pixels
    share = mask.values.unsqueeze(-1) * 0.4
    mixed = blend(base, layer, mode, 0.4, mask).pixels
    assert torch.allclose(mixed, base.pixels * (1 - share) + full * share, atol=1e-6)


def test_nothing_of_the_layer_is_the_base(noise: Noise) -> None:
    base, layer = noise(), noise()
    assert torch.allclose(blend(base, layer, "screen", 0.0).pixels, base.pixels)


@pytest.mark.parametrize("mode", list(FORMULAS))
def test_transparency_of_both(mode: BlendMode, noise: Noise) -> None:
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
