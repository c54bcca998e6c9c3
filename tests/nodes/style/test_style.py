"""The colours of pictures: matched to others, and as palettes."""

import pytest
import torch

from graphengine.diffusion.colour import parse_colour, to_lab
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from nodes.style.match import match_colours
from nodes.style.palette import apply_palette, show_palette, take_palette

pytestmark = pytest.mark.torch

FLAG = ["#203080", "#c0a040", "#f0f0f0"]


def noise(batch: int = 1, low: float = 0.3, span: float = 0.3, channels: int = 3) -> Image:
    return Image(torch.rand(batch, 24, 20, channels) * span + low)


def test_matched_colours_have_mean_and_spread_of_the_reference() -> None:
    image, reference = noise(2), noise(1, 0.5, 0.2)
    found = to_lab(match_colours(image, reference).pixels).flatten(1, 2)
    wanted = to_lab(reference.pixels).flatten(1, 2).expand(2, -1, -1)
    assert torch.allclose(found.mean(1), wanted.mean(1), atol=0.3)
    assert torch.allclose(found.std(1), wanted.std(1), atol=0.3)


def test_a_matched_histogram_is_that_of_the_reference() -> None:
    image, reference = noise(), Image(torch.rand(1, 30, 30, 3) ** 3 * 0.5 + 0.25)
    found = to_lab(match_colours(image, reference, "histogram").pixels)[..., 0].flatten().sort().values
    wanted = to_lab(reference.pixels)[..., 0].flatten().sort().values
    quarters = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9])
    assert torch.allclose(found.quantile(quarters), wanted.quantile(quarters), atol=1.5)


def test_matching_to_itself_or_not_at_all_changes_nothing() -> None:
    image = noise(channels=4)
    assert torch.allclose(match_colours(image, image).pixels, image.pixels, atol=1e-3)
    assert torch.equal(match_colours(image, noise(), strength=0.0).pixels, image.pixels)
    with pytest.raises(NodeError, match="2 references do not fit 3 pictures"):
        match_colours(noise(3), noise(2))


def test_a_palette_is_found_in_the_order_of_its_shares() -> None:
    picture = torch.cat([parse_colour(each).expand(1, 12, 4 * share, 3) for share, each in enumerate(FLAG, 1)], dim=2)
    assert take_palette(Image(picture.contiguous()), 3) == FLAG[::-1]
    assert take_palette(Image(picture.contiguous()), 8) == FLAG[::-1], "there are no more"


def test_a_picture_gets_the_colours_of_a_palette_alone() -> None:
    found = apply_palette(noise(low=0.0, span=1.0), FLAG, softness=0.0, keep_light=False)
    assert set(take_palette(found, 10)) <= set(FLAG)
    kept = apply_palette(noise(channels=4), FLAG)
    assert kept.channels == 4


def test_lightness_is_kept_where_it_is_wanted() -> None:
    image = noise()
    found = apply_palette(image, ["#808080"], softness=0.0)
    assert (to_lab(found.pixels)[..., 0] - to_lab(image.pixels)[..., 0]).abs().max() < 0.1
    assert (found.pixels.amax(-1) - found.pixels.amin(-1)).max() < 0.01


def test_a_palette_is_shown() -> None:
    found = show_palette(FLAG, 4)
    assert found.pixels.shape == (1, 4, 12, 3)
    assert torch.equal(found.pixels[0, 2, 5], parse_colour(FLAG[1]))
    for empty in (lambda: show_palette([]), lambda: apply_palette(noise(), [])):
        with pytest.raises(NodeError, match="no colour"):
            empty()
