"""A text that changes while a picture is made."""

from typing import Annotated

from graphengine.diffusion.conditioning import encode_texts
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.regions import timed, together
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.refs import TextEncoderRef
from graphengine.errors import NodeError
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Multiline


@node("text.schedule", category="text", lane="gpu", title="Prompt schedule")
def schedule(
    encoder: TextEncoderRef,
    text: Annotated[str, Multiline(rows=6)] = "0: a red circle\n0.5: a red star",
    *,
    pool: ModelPool = injected,
) -> Conditioning:
    """Encode prompts that take turns while a picture is made.

    Inputs:
        encoder: the text encoder of the model that will take the conditioning.
        text: a line for each prompt: when it begins, as a part of the way from noise (0) to the picture (1), a colon,
            and the prompt. It counts until the next begins; the first begins at 0 whatever it says.

    Errors: a line has no such number, or two begin at the same time.
    """
    turns = sorted(_turn(line) for line in text.splitlines() if line.strip())
    if not turns:
        raise NodeError("the schedule has no prompt", hint="Write a line such as 0: a red circle.")
    starts = [0.0, *(start for start, _ in turns[1:])]
    if len(set(starts)) < len(starts):
        raise NodeError("two prompts of the schedule begin at the same time")
    encoded = encode_texts(pool, encoder, [prompt for _, prompt in turns])
    parts = [timed(each, *when) for each, *when in zip(encoded, starts, [*starts[1:], 1.0], strict=True)]
    whole = parts[0]
    for part in parts[1:]:
        whole = together(whole, part)
    return whole


def _turn(line: str) -> tuple[float, str]:
    start, colon, prompt = line.partition(":")
    try:
        when = float(start)
    except ValueError:
        when = -1.0
    if not colon or not 0 <= when < 1:
        raise NodeError(
            f"a line of the schedule cannot be read: {line[:60]!r}", hint="Write such as 0.5: a red star, from 0 to 1."
        )
    return when, prompt.strip()
