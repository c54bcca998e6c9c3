"""From text to text."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.travel import Easing, Way
from graphengine.diffusion.travel import travel as travel_between
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.node.declare import node
from graphengine.node.lists import LengthOf


@node("conditioning.travel", category="text", title="Prompt travel")
def travel(
    keys: list[Conditioning],
    frames: Annotated[int, Field(ge=1, le=10_000)] = 24,
    way: Way = "embeddings",
    easing: Easing = "linear",
    loop: bool = False,
) -> Annotated[list[Conditioning], LengthOf("frames")]:
    """Move from one encoded text to the next, a step per frame, for a video.

    What takes the list runs for each frame; a sampler with one seed then makes pictures that flow into each other.
    Where a text stands, the frame is the very picture of that text alone.

    Inputs:
        keys: the encoded texts, in order; at equal distances from the first frame to the last.
        frames: how many conditionings are given.
        way: ``embeddings`` moves what the model reads; ``predictions`` fades the prediction for one text into that for
            the other, which takes twice the time and suits conditionings of several entries.
        easing: ``smooth`` stays longer at the texts.
        loop: go on to the first text again, so that the video has no end; its first frame is not repeated.

    Errors: there is no text, they are of different models, or with ``embeddings`` of different numbers of entries.
    """
    return travel_between(keys, frames, way=way, easing=easing, loop=loop)
