"""Work for several calls as work for one batch: what fits is joined along the batch, and the results are taken apart.

Nothing is padded. What does not fit, of another size or form, goes in a group of its own. Kernels may round differently
for another batch, and nothing else changes: noise is each picture's own.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import torch
from torch import Tensor

from graphengine.diffusion.noise import successive
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.conditioning import Conditioning, ConditioningEntry
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import GivenFrames, Latent
from graphengine.diffusion.types.refs import ModelRef, VaeRef
from graphengine.diffusion.vae import Tiling, decode

DECODED_PIXELS = 4 * 1024 * 1024
"""How many pixels are decoded at once at most: more needs memory and gains nothing."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One of several samplings; ``seed`` is that of its first picture."""

    positive: Conditioning
    negative: Conditioning
    latent: Latent
    seed: int


OnSteps = Callable[[int, int, Mapping[int, Callable[[], Image]]], None]
"""Called after each evaluation of the network with its number from 1, how many there will be in all groups, and for the
wishes of the group, by their numbers, functions that make a small picture; what it raises ends the sampling."""


def sample_together(
    pool: ModelPool, model: ModelRef, wishes: Sequence[Wish], *, settings: Sampling, on_step: OnSteps | None = None
) -> list[Latent]:
    """Sample several latents, each as :func:`graphengine.diffusion.sampling.sample` does; the same errors.

    Args:
        settings: of all; the seeds are those of the wishes.
    """
    alone = any(control.image.batch > 1 for control in model.controls)  # with a picture for each of a batch
    groups = _grouped((_form_of_wish(wish), index if alone else 0) for index, wish in enumerate(wishes))
    results: dict[int, Latent] = {}
    for done, group in enumerate(groups):
        members = [wishes[index] for index in group]
        batches = [wish.latent.batch for wish in members]
        seeds = tuple(seed for wish in members for seed in successive(wish.seed, wish.latent.batch))
        joined = sample(
            pool,
            model,
            _join_conditionings([wish.positive for wish in members], batches),
            _join_conditionings([wish.negative for wish in members], batches),
            _join_latents([wish.latent for wish in members]),
            settings=replace(settings, seed=seeds),
            on_step=None if on_step is None else _watch(on_step, group, batches, done, len(groups)),
        )
        parts = _split(joined.samples, batches)
        results |= {
            i: replace(wishes[i].latent, samples=part, noise=None) for i, part in zip(group, parts, strict=True)
        }
    return [results[index] for index in range(len(wishes))]


def decode_together(
    pool: ModelPool, vae: VaeRef, latents: Sequence[Latent], tiling: Tiling | None = None
) -> list[Image]:
    """Decode several latents, each as :func:`graphengine.diffusion.vae.decode` does; the same errors."""
    results: dict[int, Image] = {}
    for group in _grouped((each.family, each.spec, each.samples.shape[1:]) for each in latents):
        for some in _chunks(group, latents):
            joined = torch.cat([latents[index].samples for index in some])
            image = decode(pool, vae, Latent(joined, latents[some[0]].family, latents[some[0]].spec), tiling)
            parts = _split(image.pixels, [latents[index].pictures for index in some])
            results |= {index: Image(part) for index, part in zip(some, parts, strict=True)}
    return [results[index] for index in range(len(latents))]


def _grouped(forms: Iterable[Hashable]) -> list[list[int]]:
    """Return the numbers of what has one form, for each form."""
    groups: dict[Hashable, list[int]] = {}
    for index, form in enumerate(forms):
        groups.setdefault(form, []).append(index)
    return list(groups.values())


def _form_of_wish(wish: Wish) -> Hashable:
    latent = wish.latent
    mask = None if latent.mask is None else latent.mask.values.shape[1:]
    shapes = (latent.samples.shape[1:], mask, latent.surroundings is None, latent.noise is None)
    given = None if latent.given is None else _form_of_given(latent.given)
    form = (latent.family, latent.spec, latent.differential, *shapes, given)
    return (form, _form_of_conditioning(wish.positive), _form_of_conditioning(wish.negative))


def _form_of_given(given: GivenFrames) -> Hashable:
    return (given.frames, None if given.seen is None else given.seen.shape[1:])


def _form_of_conditioning(conditioning: Conditioning) -> Hashable:
    return (conditioning.family, *map(_form_of_entry, conditioning.entries))


def _form_of_entry(entry: ConditioningEntry) -> Hashable:
    mask = None if entry.mask is None else entry.mask.values.shape[1:]
    texts = (entry.embeddings.shape[1:], entry.pooled is None)
    return (texts, entry.strength, entry.start, entry.end, entry.micro, entry.guidance, mask)


def _join_conditionings(conditionings: Sequence[Conditioning], batches: Sequence[int]) -> Conditioning:
    """Return one conditioning in which each picture of the batch has a text of its own."""
    if len(conditionings) == 1:
        return conditionings[0]
    rows = zip(*(each.entries for each in conditionings), strict=True)
    return Conditioning(conditionings[0].family, tuple(_join_entries(each, batches) for each in rows))


def _join_entries(entries: Sequence[ConditioningEntry], batches: Sequence[int]) -> ConditioningEntry:
    pooled = [each.pooled for each in entries if each.pooled is not None]
    masks = [each.mask.values for each in entries if each.mask is not None]
    return replace(
        entries[0],
        embeddings=_rows([each.embeddings for each in entries], batches),
        pooled=_rows(pooled, batches) if pooled else None,
        mask=Mask(_rows(masks, batches)) if masks else None,
    )


def _join_latents(latents: Sequence[Latent]) -> Latent:
    if len(latents) == 1:
        return latents[0]
    batches = [each.batch for each in latents]
    masks = [each.mask.values for each in latents if each.mask is not None]
    surroundings = [each.surroundings for each in latents if each.surroundings is not None]
    noise = [each.noise for each in latents if each.noise is not None]
    given = [each.given for each in latents if each.given is not None]
    return replace(
        latents[0],
        samples=torch.cat([each.samples for each in latents]),
        mask=Mask(_rows(masks, batches)) if masks else None,
        surroundings=torch.cat(surroundings) if surroundings else None,
        noise=torch.cat(noise) if noise else None,
        given=_join_given(given, batches) if given else None,
    )


def _join_given(given: Sequence[GivenFrames], batches: Sequence[int]) -> GivenFrames:
    seen = [each.seen for each in given if each.seen is not None]
    latents = _rows([each.latents for each in given], batches)
    return GivenFrames(latents, given[0].frames, _rows(seen, batches) if seen else None)


def _rows(tensors: Sequence[Tensor], batches: Sequence[int]) -> Tensor:
    """Put tensors into one, each with a row for each picture of its batch."""
    pairs = zip(tensors, batches, strict=True)
    return torch.cat([tensor.expand(batch, *tensor.shape[1:]) for tensor, batch in pairs])


def _split(joined: Tensor, batches: Sequence[int]) -> Sequence[Tensor]:
    """Take a batch apart; each part has memory of its own, so that none keeps the whole batch."""
    return [joined] if len(batches) == 1 else [part.clone() for part in torch.split(joined, list(batches))]


def _chunks(group: Sequence[int], latents: Sequence[Latent]) -> list[list[int]]:
    chunks: list[list[int]] = []
    room = 0
    for index in group:
        latent = latents[index]
        pixels = latent.pictures * latent.planes[0, 0].numel() * latent.spec.stride**2
        if pixels > room:
            chunks.append([])
            room = DECODED_PIXELS
        chunks[-1].append(index)
        room -= pixels
    return chunks


def _watch(
    on_step: OnSteps, group: Sequence[int], batches: Sequence[int], done: int, groups: int
) -> Callable[[int, int, Callable[[], Image]], None]:
    starts = [sum(batches[:place]) for place in range(len(batches))]

    def watch(step: int, total: int, picture: Callable[[], Image]) -> None:
        whole = cache(picture)

        def look(place: int) -> Image:
            return Image(whole().pixels[starts[place] : starts[place] + batches[place]])

        looks = {index: partial(look, place) for place, index in enumerate(group)}
        on_step(done * total + step, groups * total, looks)

    return watch
