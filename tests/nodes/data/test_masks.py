"""True masks of what is drawn."""

from pathlib import Path

import pytest
import torch
from PIL import Image as Pil
from tiny_models import as_file

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.drawing.palette import PALETTE, Colour
from graphengine.diffusion.drawing.scene import Landscape, Still
from graphengine.diffusion.types.dataset import Scenes
from graphengine.errors import NodeError
from graphengine.types.builtin import Seed
from nodes.data.augment import augment
from nodes.data.draw import draw
from nodes.data.hints import hints, look_hints
from nodes.data.look import look
from nodes.data.masks import masks
from nodes.data.pictures import pictures

pytestmark = pytest.mark.torch

FIGURES: tuple[Scenes, ...] = ("one figure", "two figures")


def rgb(colour: Colour) -> torch.Tensor:
    return torch.tensor(PALETTE[colour]) / 255


@pytest.mark.parametrize("scenes", FIGURES)
def test_figures_and_ground_are_the_picture_again(scenes: Scenes) -> None:
    drawn = draw(12, scenes, 48, Seed(4))
    shown = look(drawn, 0, 12).image.pixels
    each = [masks(drawn, 0, 12, "thing", number).values for number in (1, 2)]
    ground = masks(drawn, 0, 12, "ground").values
    for index in range(12):
        still = Reader(drawn).scene(index)
        assert isinstance(still, Still)
        again = ground[index, ..., None] * rgb(still.background)
        for mask, figure in zip(each, still.figures, strict=False):
            again = again + mask[index, ..., None] * rgb(figure.colour)
        assert torch.allclose(again, shown[index], atol=2 / 255)
    soft = (each[0] > 0.1) & (each[0] < 0.9)
    assert soft.any((1, 2)).all(), "edges are soft"
    assert bool(each[1].any()) == (scenes == "two figures"), "what is not there has an empty mask"


def test_what_is_seen_of_a_landscape_is_all_of_it() -> None:
    drawn = draw(16, "landscapes", 64, Seed(5))
    parts = {what: masks(drawn, 0, 16, what).values for what in ("foreground", "ground", "mountains", "sky")}  # type: ignore[arg-type]
    assert torch.allclose(sum(parts.values(), torch.zeros(())), torch.ones(()), atol=2 / 255)
    things = sum((masks(drawn, 0, 16, "thing", number).values for number in (1, 2, 3)), torch.zeros(()))
    assert torch.allclose(things, parts["foreground"], atol=3 / 255)
    for index in range(16):
        scene = Reader(drawn).scene(index)
        assert isinstance(scene, Landscape)
        assert bool(parts["mountains"][index].any()) == bool(scene.peaks)
        for number, thing in enumerate(scene.things, 1):
            middle = masks(drawn, index, 1, "thing", number).values[0, :, min(63, int(thing.x * 64))]
            assert thing is not scene.things[-1] or middle.max() == 1
    assert (parts["sky"][:, 0] == 1).all()
    assert not parts["sky"][:, -1].any()


def test_variants_have_the_masks_of_what_they_show() -> None:
    varied = augment(
        draw(4, "one figure", 48, Seed(9)), 3, crop=0.7, angle=20.0, brightness=0, contrast=0, saturation=0
    )
    shown = look(varied, 4, 8).image.pixels
    found = masks(varied, 4, 8).values
    for index in range(8):
        still = Reader(varied).scene(index % 4)
        assert isinstance(still, Still)
        (figure,) = still.figures
        blend = rgb(still.background) + found[index, ..., None] * (rgb(figure.colour) - rgb(still.background))
        assert (blend - shown[index]).abs().mean() < 0.01


def test_faces_have_masks_of_their_own() -> None:
    drawn = draw(8, "faces", 48, Seed(1))
    whole = masks(drawn, 0, 8).values
    each = sum((masks(drawn, 0, 8, "thing", number).values for number in (1, 2, 3)), torch.zeros(()))
    assert torch.allclose(each, whole, atol=2 / 255)
    pixels = look(drawn, 0, 8).image.pixels
    apart = (pixels - pixels[:, :1, :1]).abs().amax(-1) > 0
    assert torch.equal(apart, whole > 0), "the picture is another than its ground just where there is a face"


def test_masks_are_hints() -> None:
    drawn = draw(5, "mixed", 32, Seed(3))
    shown = look_hints(hints(drawn, "mask"), 1, 4).pixels
    assert torch.equal(shown, masks(drawn, 1, 4).values[..., None].expand(-1, -1, -1, 3))


def test_what_has_no_masks_says_so(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="pictures 1 to 16 are wanted of a dataset of 3"):
        masks(draw(3), 1)
    Pil.new("RGB", (16, 16)).save(tmp_path / "own.png")
    with pytest.raises(NodeError, match="from files have no scenes"):
        masks(pictures([as_file(tmp_path / "own.png")], size=16), 0, 1)
