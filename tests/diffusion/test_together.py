"""Work for several calls as work for one batch: each gets what it would get alone, but for rounding."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from documents import Nodes, link, workflow

from graphengine.app import Engine, load_settings
from graphengine.diffusion import together
from graphengine.diffusion.conditioning import encode_text, encode_texts
from graphengine.diffusion.latents import empty_latent, with_mask
from graphengine.diffusion.samplers import SAMPLER_NAMES, SamplerName
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.together import Wish, decode_together, sample_together
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.vae import Tiling, decode
from graphengine.errors import NodeError
from graphengine.run.runner import RunResult

pytestmark = pytest.mark.torch

ROUNDING = 1e-5
TEXTS = ("", "a red circle", "a (red:1.3) circle on [blue]", "x " * 100)


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(torch.linalg.vector_norm(one - other) / torch.linalg.vector_norm(other))


def latent(model: Any, width: int, height: int, batch: int, seed: int) -> Latent:
    empty = empty_latent(model.checkpoint.model, width, height, batch)
    return replace(empty, samples=torch.randn(empty.samples.shape, generator=torch.Generator().manual_seed(seed)))


def text(model: Any, *words: str) -> Conditioning:
    parts = [encode_text(model.pool, model.checkpoint.text_encoder, each) for each in words]
    return replace(parts[0], entries=tuple(entry for part in parts for entry in part.entries))


def wishes(model: Any) -> list[Wish]:
    """Of several sizes and forms, some of which fit each other."""
    mask = Mask(torch.ones(1, 16, 16).tril())
    square, wide = latent(model, 16, 16, 1, 1), latent(model, 32, 16, 2, 2)
    surroundings = replace(with_mask(square, mask), surroundings=torch.zeros(square.samples.shape))
    yes, no, long = text(model, TEXTS[1]), model.negative, text(model, TEXTS[3])
    return [
        Wish(yes, no, square, 3),
        Wish(long, no, square, 4),
        Wish(text(model, TEXTS[2]), no, latent(model, 16, 16, 3, 5), 2**64 - 2),
        Wish(yes, no, wide, 6),
        Wish(yes, long, with_mask(square, mask), 7),
        Wish(no, yes, with_mask(latent(model, 16, 16, 2, 8), Mask(torch.ones(2, 16, 16).triu())), 8),
        Wish(no, yes, with_mask(square, mask), 9),
        Wish(text(model, *TEXTS[:2]), no, square, 10),
        Wish(no, yes, surroundings, 11),
        Wish(no, yes, wide, 12),
    ]


def alone(model: Any, wish: Wish, settings: Sampling) -> Latent:
    parts = replace(settings, seed=wish.seed)
    return sample(model.pool, model.checkpoint.model, wish.positive, wish.negative, wish.latent, settings=parts)


@pytest.mark.parametrize("denoise", [1.0, 0.7, 0.0])
def test_each_latent_is_what_it_would_be_alone(model: Any, denoise: float) -> None:
    settings, wanted = Sampling(0, steps=4, denoise=denoise), wishes(model)
    found = sample_together(model.pool, model.checkpoint.model, wanted, settings=settings)
    for wish, result in zip(wanted, found, strict=True):
        expected = alone(model, wish, settings)
        assert difference(result.samples, expected.samples) <= ROUNDING
        assert (result.mask, result.surroundings) == (expected.mask, expected.surroundings)


@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_fresh_noise_is_each_picture_s_own(model: Any, sampler: SamplerName) -> None:
    settings, wanted = Sampling(0, steps=4, sampler=sampler), wishes(model)[:3]
    found = sample_together(model.pool, model.checkpoint.model, wanted, settings=settings)
    for wish, result in zip(wanted, found, strict=True):
        assert difference(result.samples, alone(model, wish, settings).samples) <= 1e-4, "untrained models magnify"


def test_one_alone_is_bit_for_bit_the_same(model: Any) -> None:
    wish, settings = wishes(model)[0], Sampling(0, steps=3)
    (found,) = sample_together(model.pool, model.checkpoint.model, [wish], settings=settings)
    assert torch.equal(found.samples, alone(model, wish, settings).samples)


def test_steps_count_over_all_groups_and_everybody_sees_his_own_picture(model: Any) -> None:
    square = latent(model, 16, 16, 1, 1)
    wanted = [
        Wish(model.positive, model.negative, each, 1) for each in (square, latent(model, 32, 16, 1, 2), square, square)
    ]
    wanted[2] = replace(wanted[2], latent=latent(model, 16, 16, 2, 3), seed=5)
    steps: list[tuple[int, int]] = []
    seen: dict[int, Image] = {}

    def on_step(step: int, total: int, pictures: Any) -> None:
        steps.append((step, total))
        seen.update({index: picture() for index, picture in pictures.items()})

    sample_together(model.pool, model.checkpoint.model, wanted, settings=Sampling(0, steps=3), on_step=on_step)
    assert steps == [(step, 6) for step in range(1, 7)]
    assert [seen[index].pixels.shape[:3] for index in range(4)] == [(1, 8, 8), (1, 8, 16), (2, 8, 8), (1, 8, 8)]
    assert torch.allclose(seen[0].pixels, seen[3].pixels, atol=1e-5)
    assert not torch.allclose(seen[0].pixels, seen[2].pixels[:1], atol=1e-2)


def test_a_text_of_another_family_is_refused(model: Any) -> None:
    wanted = wishes(model)[:2]
    wanted[1] = replace(wanted[1], positive=replace(wanted[1].positive, family="other"))
    with pytest.raises(NodeError, match="other"):
        sample_together(model.pool, model.checkpoint.model, wanted, settings=Sampling(0, steps=1))


@pytest.mark.parametrize("tiling", [None, Tiling(16, 4)])
def test_each_picture_is_what_it_would_be_alone(
    model: Any, tiling: Tiling | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [(16, 16, 1), (32, 16, 1), (16, 16, 2), (32, 16, 3), (16, 16, 1)]
    latents = [latent(model, *size, seed) for seed, size in enumerate(sizes)]
    expected = [decode(model.pool, model.checkpoint.vae, each, tiling) for each in latents]
    for pixels in (together.DECODED_PIXELS, 512, 1):
        monkeypatch.setattr(together, "DECODED_PIXELS", pixels)
        found = decode_together(model.pool, model.checkpoint.vae, latents, tiling)
        for one, other in zip(found, expected, strict=True):
            assert difference(one.pixels, other.pixels) <= ROUNDING


def test_no_part_keeps_the_whole_batch(model: Any) -> None:
    latents = [latent(model, 16, 16, 1, seed) for seed in range(3)]
    for image in decode_together(model.pool, model.checkpoint.vae, latents):
        assert image.pixels.untyped_storage().nbytes() == image.pixels.nbytes


def test_each_text_is_what_it_would_be_alone(model: Any) -> None:
    found = encode_texts(model.pool, model.checkpoint.text_encoder, TEXTS)
    for words, one in zip(TEXTS, found, strict=True):
        other = encode_text(model.pool, model.checkpoint.text_encoder, words)
        assert one.entries[0].embeddings.shape == other.entries[0].embeddings.shape
        assert difference(one.entries[0].embeddings, other.entries[0].embeddings) <= ROUNDING


def job(prompt: str, seed: int) -> Nodes:
    return {
        "model": ["model.load", {"source": "builtin:shapes-128"}],
        "positive": ["text.encode", {"encoder": link("model.text_encoder"), "text": prompt}],
        "negative": ["text.encode", {"encoder": link("model.text_encoder")}],
        "canvas": ["latent.empty", {"model": link("model.model"), "width": 128, "height": 128}],
        "sample": [
            "sampling.sample",
            {
                "model": link("model.model"),
                "positive": link("positive.conditioning"),
                "negative": link("negative.conditioning"),
                "latent": link("canvas.latent"),
                "seed": seed,
                "steps": 6,
                "cfg": 2.5,
                "sampler": "dpmpp_2m",
            },
        ],
        "decode": ["vae.decode", {"vae": link("model.vae"), "latent": link("sample.latent")}],
    }


async def test_jobs_that_differ_in_prompt_and_seed_are_made_together(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    async def results(*, coalesce: bool) -> list[RunResult]:
        engine = Engine(load_settings(coalesce=coalesce, disk_cache_bytes=0, input_folders=[tmp_path]))
        runs = []
        for seed, prompt in enumerate(("a red circle", "a green star", "two squares")):
            document = workflow(job(prompt, seed), outputs={"image": {"from": "decode.image"}})
            runs.append(engine.start(document, engine.plan(engine.resolve(document)), tmp_path, lambda _: None))
        found = await asyncio.gather(*(run.result() for run in runs))
        engine.close()
        return list(found)

    expected, found = await results(coalesce=False), await results(coalesce=True)
    assert [each.together.get("sample") for each in found] == [3, 3, 3]
    assert [each.together for each in expected] == [{}, {}, {}]
    worst = max(
        difference(one.outputs["image"].pixels, other.outputs["image"].pixels)
        for one, other in zip(found, expected, strict=True)
    )
    figure(f"three pictures made together and alone differ by {worst:.1e}")
    assert worst <= ROUNDING
