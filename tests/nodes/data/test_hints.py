"""What is shown of the pictures of a dataset: true depth, edges, or pictures of one's own."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pil
from tiny_models import as_file

from graphengine.diffusion.types.codecs_training import DatasetCodec
from graphengine.errors import NodeError
from graphengine.types.builtin import Seed
from nodes.control.edges import canny
from nodes.data.draw import draw
from nodes.data.hints import hints, look_hints
from nodes.data.look import look
from nodes.data.pictures import pictures
from nodes.depth.convert import to_image
from nodes.drawing.landscape import landscape

pytestmark = pytest.mark.torch

LANDSCAPES = draw(6, "landscapes", 64, Seed(5))


def test_depth_is_shown_as_the_picture_of_it() -> None:
    shown = look_hints(hints(LANDSCAPES), 0, 6)
    assert (shown.batch, shown.height, shown.channels) == (6, 64, 3)
    assert torch.equal(shown.pixels.amin((1, 2, 3)), torch.zeros(6))
    assert torch.equal(shown.pixels.amax((1, 2, 3)), torch.ones(6))
    below, above = shown.pixels[:, -1].mean((1, 2)), shown.pixels[:, 0].mean((1, 2))
    assert bool((below > 0.6).all())
    assert bool((above < 0.2).all()), "the ground is near, and the sky far away"
    assert to_image(landscape(Seed(3), 64).depth).pixels.amax() == 1


def test_edges_are_those_of_the_node() -> None:
    shown = look_hints(hints(draw(4, "mixed", 64, Seed(2)), "edges"), 1, 3)
    assert torch.equal(shown.pixels, canny(look(draw(4, "mixed", 64, Seed(2)), 1, 3).image).pixels)
    assert set(shown.pixels.unique().tolist()) == {0.0, 1.0}


def test_hints_of_ones_own(tmp_path: Path) -> None:
    for index in range(2):
        Pil.fromarray(np.full((16, 16, 3), 60 * index, np.uint8)).save(tmp_path / f"{index}.png")
    own = pictures([as_file(tmp_path / f"{index}.png") for index in range(2)], size=16)
    told = hints(draw(2, "one figure", 16), pictures=own)
    assert look_hints(told, 0, 2).pixels[:, 0, 0, 0].tolist() == pytest.approx([0, 60 / 255])
    for each in (told, hints(own, "edges"), hints(own, pictures=draw(2, size=16)), own):
        assert DatasetCodec().decode(DatasetCodec().encode(each)) == each
    with pytest.raises(NodeError, match="2 hints of 16 pixels do not suit 3 pictures of 16"):
        hints(draw(3, size=16), pictures=own)
    with pytest.raises(NodeError, match="from files have no scenes"):
        look_hints(hints(own), 0, 1)


def test_what_has_no_hint_says_so() -> None:
    with pytest.raises(NodeError, match="no hints"):
        look_hints(LANDSCAPES, 0, 1)
    with pytest.raises(NodeError, match="a plain ground have no depth"):
        look_hints(hints(draw(1, "one figure")), 0, 1)
    with pytest.raises(NodeError, match=r"hints 5 to 6 are wanted of a dataset of 6"):
        look_hints(hints(LANDSCAPES), 5, 2)
