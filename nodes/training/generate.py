"""Generating pictures with what was trained."""

from difflib import get_close_matches
from typing import NamedTuple

import numpy as np
import torch

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.generator import GENERATOR, PictureGenerator, drawn_noise, generator_from, wanted
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed

_BATCH = 32


class Generated(NamedTuple):
    """The pictures."""

    image: Image


@node("training.generate", category="training", title="Generate with trained weights", lane="gpu")
def generate(
    weights: Weights,
    tags: list[str],
    seed: Seed = Seed(0),
    *,
    pool: ModelPool = injected,
    context: Context = injected,
) -> Generated:
    """Make pictures with a generator that was trained here: a GAN's, or that of a VAE.

    Inputs:
        weights: of a generator.
        tags: for each picture what it shows, with commas, such as ``red circle, blue background, one figure``. Look
            into dataset tells those of its pictures.
        seed: of the noise; the noise of a picture depends on it and on the place in the list alone.

    Outputs:
        image: a batch, of the size that the generator was trained for.

    Errors: the weights are of something else, there is no picture, or a tag is not known.
    """
    if weights.kind != GENERATOR:
        raise NodeError(f"these are the weights of {weights.kind}, not of a generator", hint="Link a generator.")
    if not tags:
        raise NodeError("no picture is asked for", hint="Give at least one text of tags; an empty one leaves all open.")
    try:
        network = generator_from(weights.tensors, weights.notes).to(pool.device)
    except ValueError as error:
        raise NodeError(str(error)) from error
    asked = wanted(network.form.tags, [_known(text, network) for text in tags]).to(pool.device)
    made = []
    with torch.inference_mode(), memory_guard("generating pictures"):
        for start in range(0, len(tags), _BATCH):
            part = asked[start : start + _BATCH]
            noise = [
                drawn_noise(np.random.default_rng((seed, start + row)), 1, pool.device) for row in range(len(part))
            ]
            made.append(network(torch.cat(noise), part).cpu())
            context.progress(start + len(part), len(tags))
    return Generated(Image(torch.cat(made).permute(0, 2, 3, 1).contiguous()))


def _known(text: str, network: PictureGenerator) -> list[str]:
    """Return the tags in a text.

    Raises:
        NodeError: the network has not learnt one of them.
    """
    found = [tag.strip() for tag in text.split(",") if tag.strip()]
    for tag in found:
        if tag not in network.form.tags:
            near = get_close_matches(tag, network.form.tags, 1) or network.form.tags[:3]
            raise NodeError(f"the generator has not learnt {tag!r}", hint=f"It knows tags such as {', '.join(near)}.")
    return found
