"""Training a tagger: it learns what drawn pictures show, and the words of captions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pil

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.evaluation.perception import tagger_of, told_tags
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.tagger import tags_of
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import Cancelled, NodeError
from graphengine.files.roots import File
from nodes.data.draw import draw
from nodes.data.pictures import pictures
from nodes.training.tagger import Trained, train_tagger

pytestmark = pytest.mark.torch


@pytest.fixture
def pool() -> ModelPool:
    return ModelPool(torch.device("cpu"), None)


def train(pool: ModelPool, context: Any, dataset: Any = None, **given: Any) -> Trained:
    settings = {"steps": 8, "batch": 4, "width": 4, "seed": 3} | given
    data, validation = dataset or draw(64, "landscapes", size=32, seed=1), draw(8, "landscapes", size=32, seed=2)
    return train_tagger(data, validation, **settings, pool=pool, context=context)


def test_it_learns_what_drawn_pictures_show(pool: ModelPool, notes: Any) -> None:
    begun, trained = train(pool, notes, steps=1), train(pool, notes, steps=120, batch=16, rate=5e-3)
    assert trained.f1 > max(0.5, begun.f1 + 0.2)
    assert {"night", "meadow", "tree", "mountains"} <= set(json.loads(trained.weights.notes["tags"]))


def test_it_learns_the_words_of_captions(
    pool: ModelPool, notes: Any, tmp_path: Path, file_of: Callable[[Path], File]
) -> None:
    files, captions = [], []
    for index in range(16):
        path = tmp_path / f"{index}.png"
        light = 255 * (index % 2)
        Pil.fromarray(np.full((32, 32, 3), light, np.uint8)).save(path)
        files.append(file_of(path))
        captions.append("A white picture, number one" if light else "All black")
    trained = train(pool, notes, pictures(files, captions, size=32), steps=60, rate=5e-3)
    tagger = tagger_of(trained.weights)
    assert tagger.tags == ("a", "all", "black", "number", "one", "picture", "white")
    black, white = told_tags(tagger, torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 32, 32))
    assert black == {"all", "black"}
    assert white == {"a", "number", "one", "picture", "white"}


def test_of_equally_frequent_tags_the_first_in_order_are_learnt(
    file_of: Callable[[Path], File], tmp_path: Path
) -> None:
    Pil.new("RGB", (32, 32)).save(tmp_path / "a.png")
    words = [f"word{index:03}" for index in range(30)]
    reader = Reader(pictures([file_of(tmp_path / "a.png")], [" ".join(reversed(words))], size=32))
    assert tags_of(reader, most=10) == tuple(words[:10])


def test_one_that_is_told_to_stop_does(pool: ModelPool, notes: Any) -> None:
    notes.cancel_at = 5
    with pytest.raises(Cancelled):
        train(pool, notes)
    assert notes.steps[-1] == (5, 8)


def test_what_cannot_be_learnt_is_refused(pool: ModelPool, notes: Any, picture_file: File) -> None:
    with pytest.raises(NodeError, match="32 pixels and more"):
        train(pool, notes, draw(8, size=16))
    with pytest.raises(NodeError, match="no tag is true of several pictures"):
        train(pool, notes, pictures([picture_file], size=32))
    for weights in (Weights("upscaler", {}, {}), Weights("tagger", {}, {"tags": "[]"})):
        with pytest.raises(ValueError, match="tagger"):
            tagger_of(weights)
