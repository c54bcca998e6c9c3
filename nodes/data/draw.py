"""Drawn pictures."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.drawing.style import Style
from graphengine.diffusion.types.dataset import Dataset, Drawn, Scenes
from graphengine.node.declare import node
from graphengine.types.builtin import Seed


@node("data.draw", category="data", title="Draw dataset", lane="io")
def draw(
    count: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000,
    scenes: Scenes = "mixed",
    size: Annotated[int, Field(ge=16, le=1024)] = 128,
    seed: Seed = Seed(0),
    style: Style = "flat",
) -> Dataset:
    """Describe pictures that the program draws itself, with true captions.

    They show flat figures, small landscapes or faces. Nothing is drawn here: a picture is drawn when it is wanted. The
    one at an index depends on the seed and the index alone, so that datasets of two seeds share no picture, but by
    chance.

    Inputs:
        count: how many pictures there are.
        scenes: ``one figure`` or ``two figures`` on a plain ground, ``landscapes``, or all of them ``mixed``. What is
            ``held out`` is mixed too, for judging: single figures in looks that are in no other dataset, and captions
            that say all that is judged. ``several figures`` are three to five, many of them alike, and their captions
            count them; ``faces`` are one to three simple ones, whose captions tell their hair. Neither is in what is
            mixed.
        size: the side of a picture in pixels, 16 to 1024.
        seed: another seed draws other pictures.
        style: ``flat`` areas of colour, those with the outlines of a ``comic``, the outlines alone in ``ink``, or each
            thing a ``silhouette``. The captions do not name it.

    Outputs:
        dataset: the pictures with their captions.
    """
    return Dataset(count, size, Drawn(scenes, seed, style))
