"""What the ready-made workflows for adapters make, judged by their pixels."""

from pathlib import Path

import pytest
import torch
from ready_workflows import Make
from safetensors import safe_open
from tiny_models import as_file

from graphengine import diffusion
from graphengine.diffusion.depth_models import open_depth, predicted
from graphengine.diffusion.drawing.palette import PALETTE, Colour
from graphengine.diffusion.evaluation.depth import errors_of
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.depth import DepthMap
from graphengine.diffusion.types.image import Image

pytestmark = pytest.mark.torch

DEPTH = Path(diffusion.__file__).parent / "embedded" / "depth" / "depth.safetensors"


def share(image: Image, *colours: Colour) -> float:
    """Return the share of pixels that have one of some colours."""
    wanted = torch.tensor([PALETTE[colour] for colour in colours]) / 255
    near = (image.pixels[..., None, :3] - wanted).abs().amax(-1) < 0.12
    return float(near.any(-1).float().mean())


def test_a_lora_changes_the_style_and_at_strength_zero_nothing(make: Make) -> None:
    asked = {"prompt": "a red star on a blue background", "steps": 12, "seed": 7}
    plain = make("text-to-image", **asked)["image"]
    none, styled = (make("lora", strength=strength, **asked)["image"] for strength in (0, 1))
    assert torch.equal(none.pixels, plain.pixels)
    assert share(plain, "red", "blue") > 0.9
    assert share(styled, "orange", "black") > 0.8
    assert 0.03 < share(styled, "black") < 0.5, "the star is still there"


def test_a_lora_is_trained_saved_and_used(make: Make) -> None:
    found = make("train-lora", steps=3, look={"pictures": "decode.image"})
    with safe_open(found["file"].path, "pt") as file:
        assert file.metadata()["steps"] == "3"
    assert found["gain"] > 0
    without, half, whole = found["pictures"]
    assert not torch.equal(without.pixels, whole.pixels)
    assert (half.pixels - without.pixels).abs().mean() < (whole.pixels - without.pixels).abs().mean()


def test_a_controlnet_is_trained_saved_and_used(make: Make) -> None:
    found = make("train-controlnet", steps=2, look={"hints": "hints.image", "pictures": "decode.image"})
    with safe_open(found["file"].path, "pt") as file:
        assert file.metadata()["hints"] == "depth"
    assert -0.2 < found["gain"] < 1
    assert found["hints"].pixels.shape == found["pictures"].pixels.shape == (4, 128, 128, 3)


@pytest.mark.parametrize(("layout", "things"), [(0, "a red house and a tree"), (10, "a red house")])
def test_a_controlnet_lays_a_picture_out_as_another_one(make: Make, layout: int, things: str) -> None:
    asked = {"layout": layout, "steps": 12, "prompt": f"{things} on a meadow on a sunny day"}
    look = {"asked": "landscape.depth"}
    free, followed = (make("controlnet-depth", look=look, strength=each, **asked) for each in (0, 1))
    assert correlation(followed["image"], followed["asked"]) >= 0.9
    assert correlation(followed["image"], followed["asked"]) > correlation(free["image"], free["asked"])


def correlation(image: Image, asked: DepthMap) -> float:
    """Return Pearson's correlation of the depth that a picture shows with the depth that was asked for."""
    network = open_depth(as_file(DEPTH))
    with ModelPool(torch.device("cpu")).use(network) as told:
        found = predicted(told, image.pixels[0])
    return float(errors_of(found[None], asked.values).correlation)
