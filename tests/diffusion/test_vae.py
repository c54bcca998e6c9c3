"""Pictures to latents and back, whole and in tiles."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pil
from tiny_models import as_file

from graphengine.diffusion.families.table import open_checkpoint
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.shrinking import chunk_for, overlap_for, tile_for
from graphengine.diffusion.tiles import tiled
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import VaeRef
from graphengine.diffusion.vae import Tiling, decode, encode, encode_masked
from graphengine.errors import NodeError
from nodes import EMBEDDED

pytestmark = pytest.mark.torch


def picture(width: int = 16, height: int = 16, channels: int = 3, batch: int = 1) -> Image:
    source = torch.Generator().manual_seed(0)
    return Image(torch.rand((batch, height, width, channels), generator=source))


def latent(model: Any, width: int, height: int) -> Latent:
    empty = empty_latent(model.checkpoint.model, width, height)
    return replace(empty, samples=torch.randn(empty.samples.shape, generator=torch.Generator().manual_seed(0)))


def test_encoding_takes_the_mode(model: Any) -> None:
    vae = model.components()["vae"]
    pixels = (picture().pixels * 2 - 1).permute(0, 3, 1, 2).contiguous()
    with torch.no_grad():
        expected = vae.encode(pixels).latent_dist.mode() * vae.config.scaling_factor
    found = encode(model.pool, model.checkpoint.vae, picture())
    assert torch.equal(found.samples, expected)
    assert found.spec == model.checkpoint.model.latent


def test_alpha_is_ignored(model: Any) -> None:
    image = picture(channels=4)
    plain = Image(image.pixels[..., :3])
    vae = model.checkpoint.vae
    assert encode(model.pool, vae, image) == encode(model.pool, vae, plain)


@pytest.mark.parametrize("name", ["model", "velocity_model"])
def test_tiles_are_close_to_the_whole(name: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(name)
    vae, tiling = model.checkpoint.vae, Tiling(size=64, overlap=32)
    source = latent(model, 128, 96)
    whole = decode(model.pool, vae, source)
    pieces = decode(model.pool, vae, source, tiling)
    assert pieces.pixels.shape == whole.pixels.shape == (1, 96, 128, 3)
    assert (pieces.pixels - whole.pixels).abs().mean() < 0.02
    cells = encode(model.pool, vae, whole).samples
    in_tiles = encode(model.pool, vae, whole, tiling).samples
    assert in_tiles.shape == cells.shape
    assert (in_tiles - cells).abs().mean() < 0.05 * cells.abs().mean()


def test_masks_must_fit_the_picture(model: Any) -> None:
    for shape in ((1, 8, 16), (2, 16, 16)):
        with pytest.raises(NodeError, match="do not fit"):
            encode_masked(model.pool, model.checkpoint.vae, picture(), Mask(torch.zeros(shape)))


def test_what_is_under_the_mask_is_not_in_the_surroundings(model: Any) -> None:
    mask = Mask(torch.ones(1, 16, 16))
    one, other = (
        encode_masked(model.pool, model.checkpoint.vae, image, mask)
        for image in (picture(), Image(1 - picture().pixels))
    )
    assert one.surroundings is not None
    assert other.surroundings is not None
    assert torch.equal(one.surroundings, other.surroundings)
    assert not torch.equal(one.samples, other.samples)


def test_a_tile_larger_than_the_picture_is_the_whole(model: Any) -> None:
    source = latent(model, 32, 32)
    vae = model.checkpoint.vae
    assert decode(model.pool, vae, source, Tiling()) == decode(model.pool, vae, source)


def test_impossible_tiles_are_refused(model: Any) -> None:
    with pytest.raises(NodeError, match="overlap"):
        decode(model.pool, model.checkpoint.vae, latent(model, 32, 32), Tiling(size=8, overlap=8))


def test_sides_that_do_not_fit_are_refused_with_sides_that_do(model: Any) -> None:
    with pytest.raises(NodeError, match="multiples of 2") as refusal:
        encode(model.pool, model.checkpoint.vae, picture(width=17))
    assert "16 x 16" in refusal.value.hint


def test_latents_of_another_kind_are_refused(model: Any) -> None:
    with pytest.raises(NodeError, match="not of the autoencoder's kind"):
        decode(model.pool, model.checkpoint.vae, replace(latent(model, 16, 16), family="other"))


@pytest.fixture(scope="module")
def embedded() -> VaeRef:
    """The autoencoder of the embedded model."""
    vae = open_checkpoint(as_file(EMBEDDED / "shapes-128")).vae
    assert vae is not None
    return vae


def test_no_seam_is_seen(embedded: VaeRef, figure: Callable[[str], None]) -> None:
    """What a call does that found no room: the tiles that it takes then change no pixel by more than a few of 255."""
    with Pil.open(EMBEDDED / "pictures" / "house-on-a-meadow.png") as file:
        pixels = np.asarray(file.convert("RGB").resize((320, 256)), dtype=np.float32) / 255
    image, pool = Image(torch.from_numpy(pixels).unsqueeze(0)), ModelPool(torch.device("cpu"))
    cells = encode(pool, embedded, image)
    whole = decode(pool, embedded, cells)
    found = []
    for smaller in (1, 2):
        tile = tile_for(smaller, image.width, image.height)
        tiles = decode(pool, embedded, cells, tile=tile)
        in_tiles = encode(pool, embedded, image, tile=tile)
        off = (tiles.pixels - whole.pixels).abs()
        found.append((tile, float(off.max()), float(off.mean()), float((in_tiles.samples - cells.samples).abs().max())))
        figure("tiles of {} px: decoded pixels differ by {:.4f} at most and {:.5f} on average".format(*found[-1]))
    (_, most, mean, encoded), (_, small_most, small_mean, small_encoded) = found
    assert most < 4 / 255
    assert mean < 0.1 / 255
    assert encoded < 0.02  # of a unit variance
    assert small_mean < 1 / 255
    assert small_most < 0.15
    assert small_encoded < 0.2


def test_tiles_are_decoded_one_by_one(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source = latent(model, 128, 96)
    both = replace(source, samples=torch.cat([source.samples, source.samples.flip(-1)]))
    alone = decode(model.pool, model.checkpoint.vae, source, tile=64)
    seen: list[torch.Size] = []
    with model.pool.use(model.checkpoint.vae) as vae:
        call = vae.module.decode
        monkeypatch.setattr(vae.module, "decode", lambda cells, **more: seen.append(cells.shape) or call(cells, **more))
        together = decode(model.pool, model.checkpoint.vae, both, tile=64)
    assert set(seen) == {(1, 4, 32, 32)}
    assert torch.equal(together.pixels[:1], alone.pixels)


def test_of_chosen_tiles_and_those_there_is_room_for_the_smaller_are_taken(model: Any) -> None:
    vae, source = model.checkpoint.vae, latent(model, 128, 96)
    for tiling, tile, expected in (
        (Tiling(64, 16), 96, Tiling(64, 16)),
        (Tiling(96, 16), 64, Tiling(64, overlap_for(64))),
        (None, 64, Tiling(64, overlap_for(64))),
        (Tiling(64, 16), None, Tiling(64, 16)),
    ):
        found = decode(model.pool, vae, source, tiling, tile=tile)
        assert found == decode(model.pool, vae, source, expected)
    image = picture(96, 64)
    mask = Mask(torch.ones(1, 64, 96))
    found = encode_masked(model.pool, vae, image, mask, tile=64)
    expected = Tiling(64, overlap_for(64))
    assert found == encode_masked(model.pool, vae, image, mask, expected)
    assert found != encode_masked(model.pool, vae, image, mask)


def test_each_time_about_half() -> None:
    assert [tile_for(smaller, 2048, 1024) for smaller in range(6)] == [None, 512, 256, 128, 64, 64]
    assert [tile_for(smaller, 640, 768) for smaller in range(4)] == [None, 384, 192, 96]
    assert [tile_for(smaller, 100, 100) for smaller in range(3)] == [None, 64, 64]
    assert [chunk_for(smaller, 9) for smaller in range(6)] == [None, 4, 2, 1, 1, 1]
    assert all(0 < overlap_for(tile) < tile for tile in range(64, 600))


@settings(deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(2, 12).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))),
    st.sampled_from([Fraction(1), Fraction(2)]),
)
def test_tiling_a_local_function_changes_nothing(
    sides: tuple[int, int], tile: tuple[int, int], scale: Fraction
) -> None:
    """Where tiles agree, their blend is what they agree on: every place is covered, with weights of sum 1."""
    source = torch.randn((1, 2, *sides), generator=torch.Generator().manual_seed(0))

    def function(part: torch.Tensor) -> torch.Tensor:
        return part.repeat_interleave(int(scale), -1).repeat_interleave(int(scale), -2) ** 2

    assert torch.allclose(tiled(source, function, *tile, scale), function(source), atol=1e-5)


def test_tiles_never_exceed_their_size() -> None:
    sizes = set()

    def function(part: torch.Tensor) -> torch.Tensor:
        sizes.add(tuple(part.shape[-2:]))
        return part

    tiled(torch.zeros(1, 1, 50, 31), function, 16, 4, Fraction(1))
    assert sizes == {(16, 16)}
