"""What the ready-made workflows for adapters make, judged by their pixels."""

import pytest
import torch
from ready_workflows import Make
from safetensors import safe_open

from graphengine.diffusion.drawing.palette import PALETTE, Colour
from graphengine.diffusion.types.image import Image

pytestmark = pytest.mark.torch


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
