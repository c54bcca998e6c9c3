"""New words."""

import re
from typing import Annotated

from graphengine.diffusion.adapters.embedding import open_embedding
from graphengine.diffusion.types.refs import Patch, TextEncoderRef
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


@node(
    "adapter.embedding",
    category="adapter",
    title="Add textual inversion",
    lane="io",
    aliases=("Textual inversion", "Embedding", "Load embedding"),
)
def embedding(
    encoder: TextEncoderRef, file: Annotated[File, Under("models", "builtin", roles=("embedding",))], word: str = ""
) -> TextEncoderRef:
    """Teach a text encoder a word whose vectors were trained, as a style or a thing.

    Wherever the word stands alone in a prompt, its vectors are read; it takes as many tokens as it has vectors.

    Inputs:
        encoder: the text encoder of a model; it is neither changed nor copied.
        file: a safetensors file with ``emb_params``, with ``clip_l`` and ``clip_g``, or as diffusers saves it.
        word: what stands for it in prompts, without spaces and brackets. Empty is the word that the file names
            within, if it does.

    Outputs:
        text_encoder: the encoder that knows the word.

    Errors: the file is a pickle, or holds something else; there is no word, or it cannot be one. Encoding fails
    if the vectors are for another kind of model.

    Source: Gal et al., An Image is Worth One Word (2023).
    """
    named = open_embedding(file)
    name = word or named
    if not name:
        raise NodeError("the file does not say which word its vectors stand for", hint="Give a word.")
    if not re.fullmatch(r"[^\s()\[\]:\\]+", name):
        raise NodeError(f"{name!r} cannot be a word of a prompt", hint="Give one without spaces, brackets and colons.")
    taken = {patch.name for patch in encoder.patches if patch.kind == "embedding"}
    if name in taken:
        raise NodeError(f"the text encoder has learned {name!r} before", hint="Give another word.")
    return encoder.patched(Patch("embedding", file, name=name))
