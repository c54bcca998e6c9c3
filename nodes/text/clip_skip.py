"""Leaving out the last layers of a text encoder."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.types.refs import TextEncoderRef
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node("text.clip_skip", category="text", title="CLIP skip", aliases=("CLIP set last layer",))
def clip_skip(
    encoder: TextEncoderRef, layers: Annotated[int, Field(ge=0, le=32), Slider(0, 4, 1)] = 1
) -> TextEncoderRef:
    """Leave out the last layers of a text encoder.

    Inputs:
        encoder: the text encoder of a model.
        layers: how many are left out. Models trained on the state before the last layer want 1, which other tools
            call "clip skip 2"; 0 uses all.

    Outputs:
        text_encoder: the shortened encoder.

    Errors: encoding fails with as many layers as the encoder has, or more.
    """
    return replace(encoder, clip_skip=layers)
