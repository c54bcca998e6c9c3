"""Values keep what they say, refuse what is not theirs, and survive their codecs."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphengine.diffusion.types.conditioning import Conditioning, ConditioningEntry, MicroConditioning, of_one_length
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent, LatentSpec
from graphengine.diffusion.types.refs import ModelRef, Patch, TextEncoderRef, VaeRef
from graphengine.diffusion.types.table import DIFFUSION_TYPES
from graphengine.files.roots import File
from graphengine.types.codec import Codec, Encoded

pytestmark = pytest.mark.torch

CODECS: dict[type, Codec] = {kind.python: kind.codec for kind in DIFFUSION_TYPES}
SIDES = st.integers(1, 5)


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


FILES = st.builds(
    File,
    st.text(min_size=1, max_size=20),
    st.sampled_from([Path("/models/a.safetensors"), Path("/models/ä b")]),
    st.text("0123456789abcdef", min_size=64, max_size=64),
)
PATCHES = st.lists(
    st.builds(
        Patch,
        st.sampled_from(["lora", "other"]),
        st.none() | FILES,
        st.floats(-2, 2),
        st.sampled_from(["", "word"]),
        st.sampled_from([(), (("down_blocks.", 0.5), ("up_blocks.", 0.0))]),
    ),
    max_size=3,
).map(tuple)
RECIPE: dict[str, Any] = {
    "source": FILES,
    "family": st.sampled_from(["sd", "other"]),
    "variant": st.sampled_from(["sd1", "sd2"]),
    "dtype": st.sampled_from(["auto", "float16"]),
    "patches": PATCHES,
}
SPECS = st.builds(LatentSpec, st.integers(1, 4), st.sampled_from([2, 8]), st.sampled_from([1, 2]))
MASKS = st.builds(lambda b, h, w: Mask(noise(b, h, w)), SIDES, SIDES, SIDES)
MICRO = st.builds(MicroConditioning, *[st.integers(0, 4096)] * 6, st.none() | st.floats(0.1, 10))
ENTRIES = st.builds(
    lambda tokens, width, pooled, strength, micro, guidance: ConditioningEntry(
        noise(1, tokens, width), noise(1, width) if pooled else None, strength, micro=micro, guidance=guidance
    ),
    SIDES,
    SIDES,
    st.booleans(),
    st.floats(0.1, 2),
    st.none() | MICRO,
    st.none() | st.floats(0, 10),
)
VALUES = st.one_of(
    st.builds(lambda b, h, w, c: Image(noise(b, h, w, c)), SIDES, SIDES, SIDES, st.sampled_from([3, 4])),
    MASKS,
    st.builds(
        lambda spec, b, h, w, mask, around, differential: Latent(
            noise(b, spec.channels, h, w),
            "sd",
            spec,
            mask,
            noise(b, spec.channels, h, w) if around else None,
            differential,
        ),
        SPECS,
        SIDES,
        SIDES,
        SIDES,
        st.none() | MASKS,
        st.booleans(),
        st.booleans(),
    ),
    st.builds(Conditioning, st.just("sd"), st.lists(ENTRIES, min_size=1, max_size=3).map(tuple)),
    st.builds(ModelRef, **RECIPE, latent=SPECS, prediction=st.sampled_from(["epsilon", "v_prediction"])),
    st.builds(TextEncoderRef, **RECIPE, clip_skip=st.integers(0, 3)),
    st.builds(VaeRef, **RECIPE),
)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_round_trip(value: Any) -> None:
    codec = CODECS[type(value)]
    encoded = codec.encode(value)
    stored = Encoded(json.loads(json.dumps(encoded.meta)), tuple(bytes(buffer) for buffer in encoded.buffers))
    assert codec.decode(stored) == value
    assert codec.nbytes(value) >= sum(memoryview(buffer).nbytes for buffer in encoded.buffers)


def test_every_type_has_its_own_name_and_colour() -> None:
    assert len({kind.name for kind in DIFFUSION_TYPES}) == len(DIFFUSION_TYPES) == len(CODECS)
    assert len({kind.colour for kind in DIFFUSION_TYPES}) == len(DIFFUSION_TYPES)


def test_encoding_copies_nothing_and_decoding_a_writable_buffer_neither() -> None:
    image = Image(noise(1, 4, 4, 3))
    (buffer,) = CODECS[Image].encode(image).buffers
    writable = bytearray(buffer)
    decoded = CODECS[Image].decode(Encoded({"shape": [1, 4, 4, 3]}, (writable,)))
    before = image.pixels[0, 0, 0, 0].item()
    image.pixels[0, 0, 0, 0] = before + 1
    assert memoryview(buffer).cast("f")[0] == image.pixels[0, 0, 0, 0].item()
    assert decoded.pixels.data_ptr() == torch.frombuffer(writable, dtype=torch.uint8).data_ptr()


@pytest.mark.parametrize("python", [Image, Mask, Latent, Conditioning, ModelRef, TextEncoderRef, VaeRef])
def test_nonsense_is_refused(python: type) -> None:
    with pytest.raises(ValueError, match=r"lacks|not the shape"):
        CODECS[python].decode(Encoded({}, (b"\0" * 8,)))


@pytest.mark.parametrize(
    "pixels",
    [
        torch.zeros(4, 4, 3),
        torch.zeros(1, 4, 4, 2),
        torch.zeros(1, 3, 0, 3),
        torch.zeros(1, 4, 4, 3, dtype=torch.float16),
        torch.zeros(1, 4, 4, 3, dtype=torch.uint8),
    ],
)
def test_an_image_of_another_form_is_refused(pixels: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="an image must be"):
        Image(pixels)


def test_a_conditioning_needs_entries_of_positive_strength() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Conditioning("sd", ())
    with pytest.raises(ValueError, match="above 0"):
        ConditioningEntry(torch.zeros(1, 2, 3), strength=0.0)


def test_values_of_different_kinds_or_content_differ() -> None:
    assert Mask(torch.zeros(1, 2, 2)) != Mask(torch.ones(1, 2, 2))
    assert Mask(torch.zeros(1, 2, 2)) != "mask"


def test_a_value_is_short_in_a_log() -> None:
    latent = Latent(torch.zeros(1, 4, 8, 8), "sd", LatentSpec())
    assert repr(latent) == (
        "Latent(samples=1x4x8x8, family='sd', spec=LatentSpec(channels=4, stride=8, patch=1, time=0), "
        "mask=None, surroundings=None, differential=False, noise=None, given=None)"
    )


def test_texts_of_one_length_say_what_they_said() -> None:
    texts = [noise(1, 4, 3), noise(2, 6, 3)]
    rows = of_one_length([ConditioningEntry(each) for each in texts])
    assert [each.shape for each in rows] == [(1, 12, 3), (2, 12, 3)]
    for before, after in zip(texts, rows, strict=True):
        query = noise(before.shape[0], 5, 3)
        seen = [torch.nn.functional.scaled_dot_product_attention(query, each, each) for each in (before, after)]
        assert torch.allclose(*seen, atol=1e-6)
    assert torch.equal(of_one_length([ConditioningEntry(texts[0])])[0], texts[0])
