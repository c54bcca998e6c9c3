"""Variants of pictures: which there are, that captions stay true, and that what belongs to a picture goes with it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pil
from tiny_models import as_file

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.drawing.scene import Still, relation
from graphengine.diffusion.evaluation.reader import lying, read
from graphengine.diffusion.sides import mirrored_words, names_side
from graphengine.diffusion.types.codecs_training import DatasetCodec
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.views import room_for
from graphengine.errors import NodeError
from graphengine.types.builtin import Seed
from graphengine.types.codec import Encoded
from nodes.control.edges import canny
from nodes.data.augment import augment
from nodes.data.depth import depth
from nodes.data.draw import draw
from nodes.data.hints import hints, look_hints
from nodes.data.look import look
from nodes.data.pictures import pictures

pytestmark = pytest.mark.torch

STILL: dict[str, Any] = {
    "mirror": 0.0, "crop": 1.0, "angle": 0.0, "brightness": 0.0, "contrast": 0.0, "saturation": 0.0,
}  # fmt: skip
"""Settings under which variants are their originals."""

DRAWN = draw(6, "two figures", 64, Seed(5))


def own(path: Path, pixels: np.ndarray, *captions: str) -> Dataset:
    Pil.fromarray(pixels).save(path)
    return pictures([as_file(path)] * len(captions), list(captions), len(pixels))


def test_the_first_are_the_pictures_as_they_are() -> None:
    varied = augment(DRAWN, 3)
    assert varied.count == 18
    plain, shown = look(DRAWN, 0, 6), look(varied, 0, 18)
    assert torch.equal(shown.image.pixels[:6], plain.image.pixels)
    assert shown.captions[:6] == plain.captions
    for index in range(6, 18):
        assert not torch.equal(shown.image.pixels[index], plain.image.pixels[index % 6])
    assert not torch.equal(shown.image.pixels[6:12], shown.image.pixels[12:])


def test_variants_depend_on_seed_and_index_alone() -> None:
    one, same, other = (augment(DRAWN, 4, seed=Seed(seed)) for seed in (1, 1, 2))
    assert one == same
    late = look(one, 20, 4).image.pixels
    assert torch.equal(late, look(augment(DRAWN, 1_000_000, seed=Seed(1)), 20, 4).image.pixels)
    assert not torch.equal(late, look(other, 20, 4).image.pixels)


@pytest.mark.parametrize(
    "setting",
    [{"mirror": 1.0}, {"crop": 0.7}, {"angle": 10.0}, {"brightness": 0.3}, {"contrast": 0.3}, {"saturation": 0.5}],
)
def test_each_setting_changes_pictures_by_itself(setting: dict[str, float]) -> None:
    still = look(augment(DRAWN, 2, **STILL), 6, 6).image.pixels
    assert torch.equal(still, look(DRAWN, 0, 6).image.pixels)
    assert not torch.equal(look(augment(DRAWN, 2, **(STILL | setting)), 6, 6).image.pixels, still)


def test_drawn_captions_and_tags_stay_true_of_what_is_mirrored() -> None:
    mirrored = augment(DRAWN, 2, **(STILL | {"mirror": 1.0}))
    assert torch.equal(look(mirrored, 6, 6).image.pixels, look(DRAWN, 0, 6).image.pixels.flip(2))
    before, after = look(DRAWN, 0, 6).captions, look(mirrored, 6, 6).captions
    assert [mirrored_words(each) for each in before] == after
    assert before != after, "some of them name a side"
    sides = 0
    for index in range(6):
        scene = Reader(DRAWN).scene(index)
        assert isinstance(scene, Still)
        seen = {each.colour: each for each in read(Reader(mirrored).picture(6 + index)).figures}
        first, second = scene.figures
        if first.colour in seen and second.colour in seen:
            told = lying(seen[first.colour], seen[second.colour])
            assert told == mirrored_words(relation(first, second))
            sides += told in {"left of", "right of"}
    assert sides
    one = draw(12, "one figure", 32, Seed(1))
    tags = look(one, 0, 12).tags
    turned = look(augment(one, 2, **(STILL | {"mirror": 1.0})), 12, 12).tags
    assert any("figure at left" in each for each in tags)
    assert ["figure at left" in each for each in tags] == ["figure at right" in each for each in turned]


def test_captions_of_ones_own_that_name_a_side_are_not_mirrored(tmp_path: Path) -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, :8] = 255
    told = own(tmp_path / "a.png", pixels, "a car", "a car on the left", "a wheel that turns clockwise")
    shown = look(augment(told, 3, **(STILL | {"mirror": 1.0})), 3, 6)
    assert shown.captions == ["a car", "a car on the left", "a wheel that turns clockwise"] * 2
    assert shown.image.pixels[:, 0, 0, 0].tolist() == [0, 1, 1] * 2


def test_what_names_a_side() -> None:
    for text in ("the Left one", "right-hand traffic", "the rightmost door", "all right", "counter-clockwise", "LEFT"):
        assert names_side(text), text
    for text in ("a bright day", "copyright", "leftovers on a plate", "an upright piano", "cleft"):
        assert not names_side(text), text
    assert mirrored_words("a red ring to the left of a star") == "a red ring to the right of a star"


def test_what_is_rotated_and_cut_has_no_empty_corner(tmp_path: Path) -> None:
    white = own(tmp_path / "white.png", np.full((40, 40, 3), 255, np.uint8), "white")
    for angle in (1.0, 20.0, 45.0):
        shown = look(augment(white, 40, **(STILL | {"angle": angle, "crop": 0.5})), 1, 39)
        assert shown.image.pixels.min() > 0.99, angle


def test_depth_and_hints_go_with_their_pictures() -> None:
    landscapes = draw(8, "landscapes", 64, Seed(3))
    hinted = augment(hints(landscapes), 2, crop=0.7, angle=10.0)
    assert hinted.augmentation is not None
    shown, far = look_hints(hinted, 8, 8).pixels, depth(hinted, 8, 8).values
    room = draw(8, "landscapes", room_for(hinted.augmentation, 64), Seed(3))
    assert set(far.unique().tolist()) <= set(depth(room, 0, 8).values.unique().tolist()), "none is a mixture"
    inverse = 1 / far
    low, high = inverse.amin((1, 2), keepdim=True), inverse.amax((1, 2), keepdim=True)
    assert torch.allclose(shown[..., 0], (inverse - low) / (high - low), atol=1e-5)
    edged = augment(hints(landscapes, "edges"), 2, angle=10.0)
    assert torch.equal(look_hints(edged, 8, 8).pixels, canny(look(edged, 8, 8).image).pixels)


def test_hints_of_ones_own_are_turned_as_their_pictures_and_keep_their_colours() -> None:
    same = draw(4, "landscapes", 48, Seed(9))
    turned = augment(hints(same, pictures=same), 3, crop=0.6, angle=15.0, brightness=0, contrast=0, saturation=0)
    assert torch.equal(look_hints(turned, 0, 12).pixels, look(turned, 0, 12).image.pixels)
    coloured = augment(hints(same, pictures=same), 3, crop=0.6, angle=15.0, brightness=0.5)
    assert torch.equal(look_hints(coloured, 0, 12).pixels, look_hints(turned, 0, 12).pixels)
    assert not torch.equal(look(coloured, 4, 8).image.pixels, look(turned, 4, 8).image.pixels)
    assert hints(augment(same, 3), pictures=same).hints == same.source


def test_colours_turn_and_greys_do_not(tmp_path: Path) -> None:
    pixels = np.full((8, 8, 3), 128, np.uint8)
    pixels[:4] = (200, 60, 60)
    shown = look(augment(own(tmp_path / "a.png", pixels, "a"), 20, **STILL, hue=0.5), 1, 19).image.pixels
    assert (shown[:, 6, 4] - 128 / 255).abs().max() < 0.01
    assert shown[:, 1, 4, 0].min() < 0.3
    with pytest.raises(NodeError, match="name colours"):
        augment(DRAWN, hue=0.1)


def test_an_augmented_dataset_is_stored_as_its_description() -> None:
    codec = DatasetCodec()
    varied = augment(hints(DRAWN), 5, seed=Seed(7))
    assert codec.decode(codec.encode(varied)) == varied
    meta = codec.encode(varied).meta
    with pytest.raises(ValueError, match="a dataset was expected"):
        codec.decode(Encoded({**meta, "augmentation": {"wrong": 1}}))


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(NodeError, match="augmented already"):
        augment(augment(DRAWN))
    with pytest.raises(NodeError, match="variants of pictures have no scenes"):
        Reader(augment(DRAWN)).scene(6)
