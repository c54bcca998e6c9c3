"""Reading CLIP text encoders (Radford et al. 2021)."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from graphengine.diffusion.families.windows import Read, TextStates, encode_texts
from graphengine.diffusion.loaded import TextStack
from graphengine.errors import NodeError
from graphengine.models.prompt import Fragment


def encode_clip(
    stack: TextStack, index: int, texts: Sequence[Sequence[Fragment]], clip_skip: int, *, before_last: bool = False
) -> Sequence[TextStates]:
    """Encode texts by a CLIP encoder of a stack; see :func:`graphengine.diffusion.families.windows.encode_texts`.

    Args:
        clip_skip: how many of the last layers are left out.
        before_last: read the state before the last layer, as it is, and the vector of the whole text.

    Raises:
        NodeError: more layers shall be skipped than there are.
    """
    config = stack.encoders[index].config
    layers, size = int(config.num_hidden_layers), int(config.max_position_embeddings)
    if not 0 <= clip_skip < layers:
        raise NodeError(f"the text encoder has {layers} layers: {clip_skip} of them cannot be skipped")
    return encode_texts(stack, index, texts, size, _before_last(clip_skip) if before_last else _last(clip_skip))


def _last(clip_skip: int) -> Read:
    """Read the last layer, or one before it as if it were the last, and the vector at the end of the text."""

    def read(encoder: Any, ids: Tensor) -> TextStates:
        output = encoder(ids, output_hidden_states=clip_skip > 0)
        if clip_skip == 0:
            return TextStates(output.last_hidden_state, output.pooler_output)
        return TextStates(encoder.final_layer_norm(output.hidden_states[-(clip_skip + 1)]), output.pooler_output)

    return read


def _before_last(clip_skip: int) -> Read:
    """Read a layer before the last, as it is, and the vector of the whole text, projected if the encoder does that."""

    def read(encoder: Any, ids: Tensor) -> TextStates:
        output = encoder(ids, output_hidden_states=True)
        projected = getattr(output, "text_embeds", None)
        pooled = output.pooler_output if projected is None else projected
        return TextStates(output.hidden_states[-(clip_skip + 2)], pooled)

    return read
