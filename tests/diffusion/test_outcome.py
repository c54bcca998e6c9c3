"""What a result says of values that do not go into it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.table import DIFFUSION_TYPES
from graphengine.plan.plan import Plan
from graphengine.service.outcome import MOST_TEXT, outcome
from graphengine.types.codec import Encoded

pytestmark = pytest.mark.torch


def told(value: Any) -> dict[str, Any]:
    plan = SimpleNamespace(outputs={"it": SimpleNamespace(node="n", name="o")}, types={"it": "Image"})
    outputs = outcome(cast("Plan", plan), {"it": value}, [])["outputs"]
    assert isinstance(outputs, dict)
    return cast("dict[str, Any]", outputs["it"])


def test_a_tensor_is_told_by_its_shape() -> None:
    image = Image(torch.zeros(2, 4, 8, 3))
    assert told(image)["description"] == "pixels 2x4x8x3 float32"
    assert told([image, image])["description"] == "2 × pixels 2x4x8x3 float32"
    codec = next(each.codec for each in DIFFUSION_TYPES if each.name == "Image")
    assert told(codec.encode(image))["description"] == "shape 2x4x8x3, 768 bytes"


def test_what_has_no_shape_is_told_by_its_length_or_not_at_all() -> None:
    assert told(7) == {"task": "n", "type": "Image", "value": 7}
    assert told("a" * (MOST_TEXT + 1))["description"] == f"{MOST_TEXT + 1} characters"
    assert "description" not in told(Encoded({"path": "/secret", "size": [1, 2]}))
    assert told(Encoded({"path": "/secret", "size": [1, 2]}, (b"abc",)))["description"] == "size 1x2, 3 bytes"
