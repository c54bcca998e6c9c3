"""Prompt fidelity: true pictures have all that they show, and pictures of something else do not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.tagger import Tagger
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.files.roots import File
from nodes.data.draw import draw
from nodes.data.look import look
from nodes.data.pictures import pictures
from nodes.evaluation.fidelity import Fidelity, prompt_fidelity

pytestmark = pytest.mark.torch


def all_or_nothing(tags: list[str], bias: float) -> Weights:
    """A tagger that tells all tags of every picture, or none."""
    tensors: dict[str, Tensor] = {name: torch.zeros_like(each) for name, each in Tagger(tags, 4).state_dict().items()}
    tensors["head.bias"] += bias
    return Weights("tagger", tensors, {"tags": json.dumps(tags)})


@pytest.fixture
def judge() -> Callable[..., Fidelity]:
    pool = ModelPool(torch.device("cpu"), None)
    return lambda *given, **more: prompt_fidelity(*given, **more, pool=pool)


def test_true_figures_have_all_that_is_asked_for(judge: Callable[..., Fidelity]) -> None:
    for scenes in ("one figure", "two figures"):
        dataset = draw(24, scenes, size=96, seed=5)  # type: ignore[arg-type]
        found = judge(look(dataset, count=24).image, dataset, all_or_nothing(["x"], -1))
        assert found.value > 0.97, scenes
        assert found.whole > 0.85, scenes
    assert found.kinds == ["colours", "counts", "positions", "shapes"]
    assert found.shares[2] == 1.0


def test_pictures_of_something_else_do_not(judge: Callable[..., Fidelity]) -> None:
    dataset, other = draw(24, "two figures", size=96, seed=5), draw(24, "two figures", size=96, seed=6)
    shown = look(other, count=24).image
    found = judge(shown, dataset, all_or_nothing(["x"], -1))
    assert found.whole == 0
    assert found.value < 0.45
    flipped = Image(look(dataset, count=24).image.pixels.flip(1, 2))  # each figure in the other's place
    kinds = dict(zip(*judge(flipped, dataset, all_or_nothing(["x"], -1))[2:], strict=True))
    assert kinds["colours"] == 1
    assert kinds["positions"] == 0


def test_landscapes_are_judged_by_the_tagger(judge: Callable[..., Fidelity]) -> None:
    dataset = draw(12, "landscapes", size=32, seed=5)
    shown, reader = look(dataset, count=12).image, Reader(dataset)
    tags = sorted({tag for index in range(12) for tag in reader.tags(index)})
    assert judge(shown, dataset, all_or_nothing(tags, 1))[:3] == (1, 1, ["scene elements"])
    assert judge(shown, dataset, all_or_nothing(tags, -1))[:2] == (0, 0)
    half = [tag for tag in tags if tag not in {"day", "night", "sunset"}]
    assert 0 < judge(shown, dataset, all_or_nothing(half, 1)).value < 1
    part = Image(shown.pixels[3:5])
    assert judge(part, dataset, all_or_nothing(tags, 1), first=3).value == 1


def test_what_cannot_be_judged_is_refused(judge: Callable[..., Fidelity], picture_file: File, tmp_path: Path) -> None:
    shown, tagger = Image(torch.rand(2, 32, 32, 3)), all_or_nothing(["x"], 1)
    with pytest.raises(NodeError, match="2 pictures from 3 on are judged by a dataset of 4"):
        judge(shown, draw(4), tagger, first=3)
    with pytest.raises(NodeError, match="have no scenes"):
        judge(shown, pictures([picture_file, picture_file], size=32), tagger)


def test_alike_figures_are_not_misjudged(judge: Callable[..., Fidelity]) -> None:
    several = draw(2, "several figures", 64)
    with pytest.raises(NodeError, match=r"[345] figures cannot be read from the pixels"):
        judge(look(several, 0, 2).image, several, all_or_nothing(["sun"], 9.0))
