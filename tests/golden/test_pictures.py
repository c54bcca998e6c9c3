"""What the ready-made workflows for pictures make, judged by their pixels."""

from pathlib import Path
from typing import Any

import pytest
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from ready_workflows import Make

from graphengine.diffusion.evaluation.likeness import psnr
from graphengine.diffusion.evaluation.reader import Reading, read
from graphengine.diffusion.faces import by_cascade
from graphengine.diffusion.images import from_pil, to_pil
from graphengine.diffusion.types.image import Image
from nodes import EMBEDDED
from nodes.data.draw import draw
from nodes.data.look import look

pytestmark = pytest.mark.torch


def seen(image: Image, index: int = 0) -> Reading:
    """Read what a picture of flat figures shows."""
    return read(_bytes(image, index))


def _bytes(image: Image, index: int) -> NDArray[Any]:
    picture: NDArray[Any] = (image.pixels[index, ..., :3] * 255).round().to(torch.uint8).numpy()
    return picture


def test_a_composite_shows_both_things_and_keeps_no_seam(make: Make) -> None:
    found = make("composite", steps=8, look={"placed": "place.image", "ground": "picture.image"})
    placed, ground = found["placed"].pixels, found["ground"].pixels
    assert torch.equal(placed[:, :32], ground[:, :32]), "where the layer does not lie the ground stays"
    reading = seen(found["image"])
    assert reading.background == "blue"
    things = {(each.colour, each.shape): each.x for each in reading.figures}
    assert things.keys() == {("red", "circle"), ("yellow", "star")}
    assert things["red", "circle"] < 0.5 < things["yellow", "star"]


def original(name: str = "house-on-a-meadow.png") -> Image:
    with Pillow.open(EMBEDDED / "pictures" / name) as picture:
        return from_pil([picture.convert("RGB")])


def test_inpainting_changes_the_house_and_no_pixel_outside_of_the_mask(make: Make) -> None:
    found = make("inpaint", steps=10, look={"mask": "mask.mask"})
    before, after, mask = original().pixels[0], found["image"].pixels[0], found["mask"].values[0]
    assert torch.equal(after[mask == 0], before[mask == 0])
    wall = after[76:88, 75:80]
    assert wall.mean() > 0.85, "the house is white"
    assert (after[8:60, 100:] - before[8:60, 100:]).abs().mean() < 0.06, "and the sky is still the sky"


def test_outpainting_goes_on_with_the_meadow_and_keeps_every_old_pixel(make: Make) -> None:
    found = make("outpaint", steps=10)
    before, after = original().pixels[0], found["image"].pixels[0]
    assert after.shape == (128, 192, 3)
    assert torch.equal(after[:, :120], before[:, :120])
    sky, grass = after[20:60, 130:], after[108:124, 130:]
    assert (sky.mean((0, 1)) - before[20:60, 70:].mean((0, 1))).abs().max() < 0.1
    assert (grass.mean((0, 1)) - before[108:124, 70:].mean((0, 1))).abs().max() < 0.1
    steps = (after[:, 1:] - after[:, :-1]).abs().mean((0, 2))
    assert steps[118:130].max() < 0.06, "there is no seam"


def test_restoring_comes_near_to_the_undamaged_picture(make: Make) -> None:
    found = make("restore-damaged", steps=10, look={"mask": "find.mask", "filled": "fill.image"})
    true, damaged, after = original().pixels[0], original("damaged-house.png").pixels[0], found["image"].pixels[0]
    mask = found["mask"].values[0]
    assert torch.equal(after[mask == 0], damaged[mask == 0])
    spoiled = (damaged - true).abs().amax(-1) > 0.2
    assert mask[spoiled].mean() > 0.85, "what is spoiled is found"
    assert psnr(after[None], true[None]) > psnr(damaged[None], true[None]) + 6


def test_enhancing_makes_a_faded_picture_sharper_and_truer(make: Make) -> None:
    found = make("enhance")
    true, faded = original().pixels, original("faded-house.webp").pixels
    assert found["after"] > 4 * found["before"]
    assert psnr(found["image"].pixels, true) > psnr(faded, true) + 4
    assert abs(float((found["image"].pixels - true).mean())) < 0.05


def test_a_second_pass_keeps_what_is_shown_at_a_larger_size(make: Make) -> None:
    found = make("two-pass-hires", steps=8, look={"small": "small.image", "larger": "larger.image"})
    assert found["image"].pixels.shape == (1, 192, 192, 3)
    assert not torch.equal(found["image"].pixels, found["larger"].pixels)
    (before,), (after,) = seen(found["small"]).figures, seen(found["image"]).figures
    assert (before.colour, before.shape) == (after.colour, after.shape) == ("red", "circle")
    assert abs(before.x - after.x) + abs(before.y - after.y) < 0.06


def test_a_grid_has_a_picture_for_each_pair_that_is_the_one_made_alone(make: Make) -> None:
    found = make("xy-grid", rows=[2, 8], columns=[1.0, 2.5], look={"pictures": "decode.image"})
    assert len(found["pictures"]) == 4
    alone = make("xy-grid", rows=[8], columns=[1.0], look={"pictures": "decode.image"})
    (picture,) = alone["pictures"]
    sheet = found["image"].pixels[0]
    assert torch.equal(sheet[-132:-4, -264:-136], picture.pixels[0]), "the second row begins with 8 steps at scale 1"
    assert seen(found["pictures"][3]).background == "white"


def test_styles_change_the_light_and_keep_the_scene(make: Make) -> None:
    found = make("restyle-photo", steps=8, styles="at sunset\nat night", look={"pictures": "decode.image"})
    sunset, night = (each.pixels[0] for each in found["pictures"])
    sky = slice(0, 30)
    assert sunset[sky].mean() > night[sky].mean() + 0.2
    assert sunset[sky, :, 0].mean() > sunset[sky, :, 2].mean(), "a sunset is warm"
    assert night[sky, :, 2].mean() > night[sky, :, 0].mean(), "a night is blue"
    assert found["image"].width > 256


def test_each_half_shows_what_its_own_text_says(make: Make) -> None:
    picture = make("regional-prompts", steps=10)["image"].pixels[0].mean(-1)
    left, right = picture[:, :24], picture[:, -24:]
    assert left.mean() < 0.25, "a black ground on the left"
    assert right.mean() > 0.75, "a white one on the right"
    assert picture[52:68, 44:58].mean() > 0.7, "with half of a white star"
    assert picture[52:68, 70:84].mean() < 0.35, "and half of a black one"


def test_two_samplers_share_the_way(make: Make) -> None:
    found = make("custom-sampling", steps=12, look={"first": "first.latent", "second": "second.latent"})
    things = {(each.colour, each.shape): each.x for each in seen(found["image"]).figures}
    assert things.keys() == {("red", "triangle"), ("blue", "circle")}
    assert things["red", "triangle"] < things["blue", "circle"]
    assert (found["first"].samples - found["second"].samples).abs().mean() > 0.3, "the first left noise"


def test_upscaling_beats_bicubic_enlargement_on_pictures_never_trained_on(make: Make, inputs: Path) -> None:
    true = look(draw(4, size=128, seed=11), 0, 4).image
    won = []
    for index, picture in enumerate(to_pil(true)):
        path = inputs / f"{index}.png"
        picture.resize((64, 64), Pillow.Resampling.BICUBIC).save(path)
        found = make("upscale", picture=path.name)
        wanted = true.pixels[index : index + 1]
        won.append(float(psnr(found["image"].pixels, wanted) - psnr(found["bicubic"].pixels, wanted)))
    assert min(won) > 2, f"dB over bicubic: {won}"


def test_a_large_picture_is_sampled_in_tiles_without_a_seam(make: Make) -> None:
    found = make("hires-tiled", look={"larger": "larger.image", "tiles": "tiles.images", "made": "decode.image"})
    larger, after = found["larger"].pixels, found["image"].pixels
    assert after.shape == (1, 256, 256, 3)
    assert len(found["tiles"]) == len(found["made"]) == 9
    assert not any(a == b for a, b in zip(found["tiles"], found["made"], strict=True))
    assert psnr(after, larger) > 20, "it shows the same"
    meadow, hard = after[0, 216:248], torch.cat([each.pixels[0, 88:120] for each in found["made"][6:]], dim=1)
    steps = [float(each.mean((0, 2)).diff()[8:-8].abs().max()) for each in (meadow, hard)]
    assert steps[0] < 0.005 < 0.01 < steps[1], f"tiles fade into one another on the even meadow: {steps}"


def test_faces_are_made_anew_and_nothing_else(make: Make) -> None:
    looks = {"true": "picture.image", "before": "soft.image", "masks": "faces.masks", "parts": "crop.image"}
    found = make("face-detail", look=looks)
    true, before, after = (found[name].pixels[0] for name in ("true", "before", "image"))
    assert found["faces"] == len(found["masks"]) == 3
    assert all(each.pixels.shape == (1, 40, 40, 3) for each in found["parts"])
    marked = torch.stack([each.values[0] for each in found["masks"]]).amax(0)
    assert torch.equal(after[marked == 0], before[marked == 0])
    for face in found["masks"]:
        inside = face.values[0] > 0.5
        errors = [float((each[inside] - true[inside]).square().mean()) for each in (before, after)]
        assert errors[1] < 0.93 * errors[0], f"a face is nearer to the one that was blurred: {errors}"
    assert len(by_cascade(found["image"], 40, 4)) == 3, "and they are still faces"


def test_a_picture_without_faces_stays_as_it_is(make: Make) -> None:
    found = make("face-detail", smallest=300, look={"before": "soft.image"})
    assert found["faces"] == 0
    assert found["image"] == found["before"]
