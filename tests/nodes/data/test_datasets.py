"""Datasets: drawn pictures, and pictures of one's own."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from PIL import Image as Pil

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.drawing.palette import PALETTE
from graphengine.diffusion.drawing.scene import SHAPES
from graphengine.diffusion.drawing.style import STYLES
from graphengine.diffusion.types.codecs_training import DatasetCodec
from graphengine.diffusion.types.dataset import Dataset, Drawn, Scenes
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.types.builtin import Seed
from graphengine.types.codec import Encoded
from nodes.data.draw import draw
from nodes.data.look import look
from nodes.data.pictures import pictures

pytestmark = pytest.mark.torch

TRAINED_ON: dict[Scenes, tuple[str, str]] = {
    "mixed": ("d1d508a42a8e0fad", "7e5990d9d378cdf0"),
    "one figure": ("3265aaaf7f2820be", "7d442818505510c2"),
    "two figures": ("44397825f75a8ef9", "7bb950ab4f921245"),
    "landscapes": ("9a0d492b15057e0d", "5c60ec55d0017839"),
    "held out": ("03d665689367610b", "8a78c36fdf301a84"),
}
"""Digests of the words and of the pixels of 64 pictures: the embedded models were trained on these."""


@pytest.mark.parametrize("name", TRAINED_ON)
def test_what_models_were_trained_on_is_drawn_and_told_as_it_was(name: Scenes) -> None:
    reader = Reader(Dataset(64, 64, Drawn(name, 7)))
    words, pixels = sha256(), sha256()
    for index in range(64):
        words.update(f"{reader.caption(index)}|{','.join(sorted(reader.tags(index)))}\n".encode())
        pixels.update(reader.picture(index).tobytes())
    assert (words.hexdigest()[:16], pixels.hexdigest()[:16]) == TRAINED_ON[name]


def test_drawn_pictures_depend_on_seed_and_index_alone() -> None:
    few, many = draw(20, size=32, seed=5), draw(1_000_000, size=32, seed=5)
    assert look(few, 3, 4).captions == look(many, 3, 4).captions
    assert torch.equal(look(few, 3, 4).image.pixels, look(many, 3, 4).image.pixels)
    assert look(draw(20, size=32, seed=6), 3, 4).captions != look(few, 3, 4).captions


@pytest.mark.parametrize(("scenes", "shapes"), [("one figure", 1), ("two figures", 2), ("landscapes", 0)])
def test_the_scenes_are_those_that_were_asked_for(scenes: Scenes, shapes: int) -> None:
    shown = look(draw(30, scenes, size=32), 0, 30)
    assert shown.image.pixels.shape == (30, 32, 32, 3)
    assert len(set(shown.captions)) > 20
    for caption in shown.captions:
        assert sum(word in SHAPES for word in caption.replace(",", "").split()) == shapes


def test_several_figures_are_counted() -> None:
    several = draw(30, "several figures", 32, Seed(2))
    shown = look(several, 0, 30)
    numbers = {"a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5}
    for index, caption in enumerate(shown.captions):
        subject = caption.split(" on ")[0] if " on " in caption else caption.rpartition(", ")[0]
        assert f"{sum(numbers.get(word, 0) for word in subject.split())} figures" in Reader(several).tags(index), (
            caption
        )
    codec = DatasetCodec()
    assert codec.decode(codec.encode(several)) == several


def test_a_style_is_another_hand_for_the_same_scenes() -> None:
    shown = {style: look(draw(12, "two figures", 128, Seed(3), style), 0, 12) for style in STYLES}
    assert len({tuple(each.captions) for each in shown.values()}) == 1
    flat = shown["flat"].image.pixels
    assert torch.equal(flat, look(draw(12, "two figures", 128, Seed(3)), 0, 12).image.pixels)
    colours = {name: torch.tensor(rgb) / 255 for name, rgb in PALETTE.items()}
    changed = (shown["comic"].image.pixels - flat).abs().amax(-1) > 0.1
    assert 0.02 < changed.float().mean() < 0.4
    for style, paper, pen in (("ink", "white", "black"), ("silhouette", "orange", "black")):
        pixels = shown[style].image.pixels
        near = [(pixels - colours[name]).abs().amax(-1) < 0.02 for name in (paper, pen)]
        assert (near[0] | near[1]).float().mean() > 0.75, style
        assert all(each.float().mean() > 0.02 for each in near), style


def test_a_dataset_is_stored_with_its_style() -> None:
    codec = DatasetCodec()
    dataset = draw(3, style="ink")
    assert codec.decode(codec.encode(dataset)) == dataset
    assert codec.decode(Encoded({"count": 3, "size": 128, "scenes": "mixed", "seed": 0})) == draw(3)


def test_pictures_of_ones_own_are_cut_to_squares(tmp_path: Path, file_of: Callable[[Path], File]) -> None:
    picture = Pil.new("RGB", (60, 30), "red")
    picture.paste("blue", (15, 0, 45, 30))
    picture.save(tmp_path / "wide.png")
    shown = look(pictures([file_of(tmp_path / "wide.png")], ["blue"], 16), 0, 1)
    assert shown.captions == ["blue"]
    assert shown.image.pixels.shape == (1, 16, 16, 3)
    assert torch.allclose(shown.image.pixels[0, 8], torch.tensor([0.0, 0.0, 1.0]), atol=0.1)


def test_what_is_wrong_is_said(tmp_path: Path, file_of: Callable[[Path], File]) -> None:
    (tmp_path / "no.png").write_bytes(b"no picture")
    file = file_of(tmp_path / "no.png")
    for call, words in [
        (lambda: pictures([]), "at least one"),
        (lambda: pictures([file], ["a", "b"]), "2 captions for 1 files"),
        (lambda: look(pictures([file]), 0, 1), "is not a picture that can be read"),
        (lambda: look(draw(10), 5, 6), "pictures 5 to 10 are wanted of a dataset of 10"),
    ]:
        with pytest.raises(NodeError, match=words):
            call()


def test_no_format_that_is_a_program_is_read(tmp_path: Path, file_of: Callable[[Path], File]) -> None:
    Pil.new("RGB", (8, 8)).save(tmp_path / "a.eps")
    with pytest.raises(NodeError, match="is not a picture that can be read"):
        look(pictures([file_of(tmp_path / "a.eps")]), 0, 1)


def test_a_dataset_is_stored_as_its_description(tmp_path: Path, file_of: Callable[[Path], File]) -> None:
    Pil.new("RGB", (8, 8)).save(tmp_path / "a.png")
    codec = DatasetCodec()
    datasets: list[Dataset] = [draw(7, "landscapes", 64, 3), pictures([file_of(tmp_path / "a.png")], ["black"])]
    for each in datasets:
        assert codec.decode(codec.encode(each)) == each
        assert codec.nbytes(each) < 1_000
    with pytest.raises(ValueError, match="is missing"):
        codec.decode(Encoded({"count": 3}))
