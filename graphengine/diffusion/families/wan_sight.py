"""What Wan's denoisers of image to video are told of given frames, beside their latents."""

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

from graphengine.diffusion.families.transformer import tokens_of
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.video.given import held
from graphengine.errors import NodeError

LONGEST: Final = 512
"""The tokens of a text with which the models were trained."""

_PAIR: Final = 2  # frames with whose places some are trained


def times_of(latent: Latent) -> Tensor:
    """Return for each token of a video whether it is made, 1, or given, 0."""
    cells = latent.samples.shape[2]
    made = torch.ones(cells) if latent.given is None else 1 - held(latent.given, latent.spec, cells).float()
    return made.repeat_interleave(tokens_of(latent))


def sight(config: Any, latent: Latent, entries: Sequence[ConditioningEntry]) -> Tensor | None:
    """Return what a denoiser is told of what is seen in given frames, [pictures, tokens, width]; None is nothing.

    Those that were trained with a first and a last frame read a place at each token; the others look at the first.
    """
    taken = config.image_dim
    if taken is None or latent.given is None:
        return None
    seen = latent.given.seen
    if seen is None:
        raise NodeError(
            "the model looks at its first frame through an image encoder, and there is none",
            hint="Link a Load image encoder to First and last frame.",
        )
    if seen.shape[-1] != taken:
        raise NodeError(
            f"the image encoder tells {seen.shape[-1]} numbers of each part of a picture, the model takes {taken}",
            hint="Choose the image encoder of the same model.",
        )
    if any(each.embeddings.shape[1] != LONGEST for each in entries):
        raise NodeError(
            f"the model takes a text of {LONGEST} tokens beside a picture, and no longer one", hint="Shorten the text."
        )
    rows = seen.expand(latent.batch, -1, -1, -1)
    if config.pos_embed_seq_len is None:
        return rows[:, 0]
    if seen.shape[1] != _PAIR:
        raise NodeError("the model goes from a first frame to a last one", hint="Give First and last frame both.")
    return rows.flatten(0, 1)
