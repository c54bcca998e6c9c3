"""What a result says of values that do not go into it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from graphengine.diffusion.types.conditioning import Conditioning, ConditioningEntry
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent, LatentSpec
from graphengine.diffusion.types.table import DIFFUSION_TYPES
from graphengine.plan.plan import Plan
from graphengine.service.outcome import MOST_TEXT, outcome
from graphengine.types.codec import Encoded, SealedCodec
from graphengine.types.socket_type import SocketType, TypeRef
from graphengine.types.values import decode_value, encode_value

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


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("Image", Image(torch.zeros(2, 4, 8, 3)), "pixels 2x4x8x3 float32, 768 bytes"),
        (
            "Latent",
            Latent(torch.zeros(1, 4, 8, 8), "sd1", LatentSpec(4), Mask(torch.zeros(1, 8, 8))),
            "samples 1x4x8x8 float32, mask 1x8x8 float32, 1,280 bytes",
        ),
        (
            "Conditioning",
            Conditioning("sd1", (ConditioningEntry(torch.zeros(1, 77, 2)),) * 5),
            ", ".join(["embeddings 1x77x2 float32"] * 4) + ", …, 3,080 bytes",
        ),
    ],
)
def test_a_sealed_value_says_its_shapes_and_element_types(name: str, value: Any, line: str) -> None:
    types = {each.name: each for each in DIFFUSION_TYPES}
    encoded = encode_value(types, TypeRef(name), value)
    assert told(encoded)["description"] == line
    assert decode_value(types, TypeRef(name), encoded) == value
    assert decode_value({name: SocketType(name, object, SealedCodec())}, TypeRef(name), encoded) == encoded


def test_what_has_no_shape_is_told_by_its_length_or_not_at_all() -> None:
    assert told(7) == {"task": "n", "type": "Image", "value": 7}
    assert told("a" * (MOST_TEXT + 1))["description"] == f"{MOST_TEXT + 1} characters"
    assert "description" not in told(Encoded({"path": "/secret", "size": [1, 2]}))
    assert told(Encoded({"path": "/secret", "size": [1, 2]}, (b"abc",)))["description"] == "size 1x2, 3 bytes"
