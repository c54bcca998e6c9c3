"""How alike pictures are, against what can be worked out by hand."""

import pytest
import torch

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from nodes.evaluation.likeness import multiscale_similarity, peak_ratio, structural_similarity

pytestmark = pytest.mark.torch


def grey(*levels: float) -> Image:
    return Image(torch.tensor(levels)[:, None, None, None].expand(-1, 16, 12, 3).contiguous())


def test_the_peak_ratio_of_a_known_error() -> None:
    assert peak_ratio(grey(0.6), grey(0.5)) == pytest.approx(20.0, abs=1e-4)  # an error of 0.1 everywhere
    assert peak_ratio(grey(0.6, 0.51), grey(0.5, 0.5)) == pytest.approx(30.0, abs=1e-4)  # the mean of 20 and 40
    assert peak_ratio(grey(0.5), grey(0.5)) == 200.0


def test_the_similarity_of_flat_pictures_is_that_of_their_light() -> None:
    light = (2 * 0.6 * 0.5 + 1e-4) / (0.6**2 + 0.5**2 + 1e-4)
    assert structural_similarity(grey(0.6), grey(0.5)) == pytest.approx(light, abs=1e-6)


def test_the_similarity_falls_with_noise_and_sees_structure() -> None:
    torch.manual_seed(0)
    true = Image(torch.rand(2, 32, 32, 3))
    assert structural_similarity(true, true) == pytest.approx(1.0)
    little, much = (Image((true.pixels + level * torch.randn(2, 32, 32, 3)).clamp(0, 1)) for level in (0.02, 0.3))
    inverse = Image(1 - true.pixels)
    found = [structural_similarity(each, true) for each in (little, much, inverse)]
    assert 1 > found[0] > 0.98 > found[1] > 0.2 > 0 > found[2]


@pytest.mark.parametrize(("scales", "side"), [(1, 11), (2, 22), (3, 44), (4, 99), (5, 176)])
def test_several_sizes_forgive_what_one_sees(scales: int, side: int) -> None:
    torch.manual_seed(0)
    true = Image(torch.rand(1, side, side + 2, 3))
    odd = (torch.arange(side)[:, None] + torch.arange(side + 2)) % 2
    noisy = Image((0.8 * true.pixels + 0.2 * odd[None, :, :, None]).contiguous())
    assert multiscale_similarity(true, true, scales) == pytest.approx(1.0)
    assert 0.3 < multiscale_similarity(noisy, true, scales) < 0.999
    if scales > 1:  # a pattern of single pixels is gone in smaller sizes
        assert multiscale_similarity(noisy, true, scales) > multiscale_similarity(noisy, true, 1)
    cut = Image(true.pixels[:, 1:].contiguous())
    with pytest.raises(NodeError, match=f"too small for {scales} sizes"):
        multiscale_similarity(cut, cut, scales)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(NodeError, match="1 × 12 × 16 RGB cannot be compared with 2 × 12 × 16 RGB"):
        peak_ratio(grey(0.5), grey(0.5, 0.5))
    small = Image(torch.zeros(1, 10, 20, 3))
    with pytest.raises(NodeError, match="too small"):
        structural_similarity(small, small)
