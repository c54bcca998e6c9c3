"""Two datasets of one, which share no picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil
from tiny_models import as_file

from graphengine.diffusion.types.codecs_training import DatasetCodec
from graphengine.diffusion.types.dataset import Dataset, Filed
from graphengine.errors import NodeError
from graphengine.types.builtin import Seed
from nodes.data.augment import augment
from nodes.data.draw import draw
from nodes.data.hints import hints, look_hints
from nodes.data.look import look
from nodes.data.pictures import pictures
from nodes.data.split import split

pytestmark = pytest.mark.torch


def own(folder: Path, levels: list[int], size: int = 8) -> Dataset:
    """A dataset of grey pictures; each caption is its level."""
    folder.mkdir(exist_ok=True)
    files = []
    for index, level in enumerate(levels):
        Pil.fromarray(np.full((size, size, 3), level, np.uint8)).save(folder / f"{index}.png")
        files.append(as_file(folder / f"{index}.png"))
    return pictures(files, [str(level) for level in levels], size)


def captions(dataset: Dataset) -> list[str]:
    return look(dataset, 0, dataset.count).captions


def test_files_are_chosen_by_lot_and_stay_where_they_are(tmp_path: Path) -> None:
    dataset = own(tmp_path / "few", list(range(40)))
    training, held_out = split(dataset, 0.25)
    assert (training.count, held_out.count) == (30, 10)
    assert sorted(captions(training) + captions(held_out)) == sorted(map(str, range(40)))
    assert captions(held_out) != [str(index) for index in range(30, 40)]
    assert [int(each) for each in captions(held_out)] == sorted(map(int, captions(held_out)))
    assert split(dataset, 0.25) == (training, held_out)
    assert captions(split(dataset, 0.25, Seed(1)).held_out) != captions(held_out)
    more = split(own(tmp_path / "more", list(range(44))), 0.25).held_out
    assert len(set(captions(more)) & set(captions(held_out))) >= 8


def test_equal_files_are_on_one_side(tmp_path: Path) -> None:
    for seed in range(8):
        training, held_out = split(own(tmp_path, [7, 1, 7, 2, 7, 3]), 0.5, Seed(seed))
        assert not set(captions(training)) & set(captions(held_out))
        assert training.count == held_out.count == 3
    training, held_out = split(own(tmp_path, [7, 7, 7, 8, 8]), 0.1)
    assert (captions(training), captions(held_out)) == (["7"] * 3, ["8"] * 2)
    with pytest.raises(NodeError, match="the same one"):
        split(own(tmp_path, [5, 5, 5]))


def test_hints_go_with_their_pictures(tmp_path: Path) -> None:
    levels = list(range(10, 250, 20))
    told = hints(own(tmp_path / "pictures", levels), pictures=own(tmp_path / "hints", [250 - each for each in levels]))
    for part in split(told, 0.5):
        shown = (look_hints(part, 0, part.count).pixels[:, 0, 0, 0] * 255).round().int().tolist()
        assert shown == [250 - int(each) for each in captions(part)]
        assert isinstance(part.source, Filed)


def test_of_drawn_pictures_the_last_are_kept_apart() -> None:
    dataset = draw(10, "landscapes", 16, Seed(4))
    training, held_out = split(hints(dataset, pictures=draw(10, "mixed", 16)), 0.3)
    assert captions(training) + captions(held_out) == captions(dataset)
    assert (look(held_out, 0, 3).image.pixels == look(dataset, 7, 3).image.pixels).all()
    assert (look_hints(held_out, 0, 3).pixels == look(draw(10, "mixed", 16), 7, 3).image.pixels).all()
    again = split(held_out, 0.34).held_out
    assert captions(again) == captions(dataset)[9:]
    assert DatasetCodec().decode(DatasetCodec().encode(again)) == again
    large = split(draw(10_000_000)).held_out
    assert look(large, large.count - 1, 1).captions == look(draw(10_000_000), 9_999_999, 1).captions


def test_what_cannot_be_split_says_so() -> None:
    with pytest.raises(NodeError, match="single picture"):
        split(draw(1))
    with pytest.raises(NodeError, match="augmented"):
        split(augment(draw(4)))
