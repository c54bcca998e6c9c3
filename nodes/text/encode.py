"""Encoding a prompt."""

from typing import Annotated

from graphengine.diffusion.conditioning import encode_text, encode_texts
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.refs import TextEncoderRef
from graphengine.node.declare import injected, node
from graphengine.node.together import Together
from graphengine.node.widgets import Prompt


def encode_all(encoder: TextEncoderRef, text: list[str], *, pool: ModelPool) -> list[Conditioning]:
    """Encode several prompts in one batch."""
    return encode_texts(pool, encoder, text)


@node(
    "text.encode",
    category="text",
    lane="gpu",
    title="Encode text",
    together=Together(("text",), encode_all, 32),
    aliases=("CLIP text encode", "Prompt", "Positive prompt", "Negative prompt"),
)
def encode(encoder: TextEncoderRef, text: Annotated[str, Prompt()] = "", *, pool: ModelPool = injected) -> Conditioning:
    r"""Encode a prompt for a model.

    Inputs:
        encoder: the text encoder of the model that will take the conditioning.
        text: the prompt.

    Words can be weighted: ``(word)`` counts 1.1 times, ``(word:1.3)`` 1.3 times, ``[word]`` 1/1.1 times; brackets nest,
    and ``\(`` is a bracket that means nothing. A prompt of any length is read in windows of 75 tokens.
    """
    return encode_text(pool, encoder, text)
