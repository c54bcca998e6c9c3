"""Reading T5 text encoders (Raffel et al. 2020)."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from graphengine.diffusion.families.windows import TextStates, encode_texts
from graphengine.diffusion.loaded import TextStack
from graphengine.models.prompt import Fragment


def encode_t5(stack: TextStack, index: int, texts: Sequence[Sequence[Fragment]]) -> Sequence[TextStates]:
    """Encode texts by a T5 encoder of a stack, in windows of its ``longest`` tokens.

    See :func:`graphengine.diffusion.families.windows.encode_texts`.
    """
    return encode_texts(stack, index, texts, stack.longest, _last)


def _last(encoder: Any, ids: Tensor) -> TextStates:
    return TextStates(encoder(ids).last_hidden_state)
