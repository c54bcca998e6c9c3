"""Folders: as pictures, as files, and as datasets with captions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pil

from graphengine.errors import NodeError
from graphengine.files.digest import sha256
from graphengine.files.roots import File
from nodes.data.folder import folder as dataset_of
from nodes.data.look import look
from nodes.image.load_folder import load_folder
from nodes.list.folder import files

pytestmark = pytest.mark.torch

FileOf = Callable[[Path], File]

LEVELS = {"b.png": 20, "a.WebP": 10, "c.jpg": 30, "d 10.png": 50, "d 9.png": 40, "in/e.png": 60}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures that are grey, in files and folders of many names, among other things."""
    made = tmp_path / "pictures"
    (made / "in").mkdir(parents=True)
    (made / "no.png").mkdir()
    for name, level in LEVELS.items():
        Pil.new("RGB", (24, 18), (level, level, level)).save(made / name, lossless=True)
    Pil.new("RGB", (24, 18)).save(made / ".hidden.png")
    (made / "b.txt").write_text("\ufeffa  dark\ngrey field\n", encoding="utf-8")
    (made / "in" / "e.caption").write_text("ein Feld — grau", encoding="utf-8")
    return made


def test_pictures_come_in_the_order_of_names_with_what_is_written_beside_them(
    folder: Path, file_of: FileOf, context: Any
) -> None:
    found = load_folder(file_of(folder), context=context)
    assert [round(each.pixels.mean().item() * 255) for each in found.images] == [10, 20, 30, 40, 50]
    assert found.captions == ["", "a dark grey field", "", "", ""]
    second = load_folder(file_of(folder), 1, 1, context=context)
    assert (second.images, second.captions) == (found.images[1:2], ["a dark grey field"])
    deep = load_folder(file_of(folder), recursive=True, pattern="*.WEBP; e.*", context=context)
    assert [round(each.pixels.mean().item() * 255) for each in deep.images] == [10, 60]
    assert deep.captions == ["", "ein Feld — grau"]


def test_files_are_listed_by_pattern_each_with_the_hash_of_its_content(folder: Path, file_of: FileOf) -> None:
    assert [each.path.name for each in files(file_of(folder), "d *")] == ["d 9.png", "d 10.png"]
    found = files(file_of(folder), recursive=True)
    names = [each.path.relative_to(folder).as_posix() for each in found]
    assert names == ["a.WebP", "b.png", "b.txt", "c.jpg", "d 9.png", "d 10.png", "in/e.caption", "in/e.png"]
    assert [each.reference for each in found] == [f"pictures/{name}" for name in names]
    assert all(each.digest == sha256(each.path.read_bytes()) for each in found)
    whole = File("inputs:", folder, "0" * 64)
    assert files(whole, "b.txt")[0].reference == "inputs:b.txt"
    assert [each.path.name for each in files(file_of(folder), first=1, count=2)] == ["b.png", "b.txt"]


def test_a_folder_becomes_a_dataset_with_captions(folder: Path, file_of: FileOf) -> None:
    dataset = dataset_of(file_of(folder), size=16)
    assert (dataset.count, dataset.size) == (6, 16)
    shown = look(dataset, 0, 6)
    assert shown.captions == ["", "a dark grey field", "", "", "", "ein Feld — grau"]
    assert [round(each.mean().item() * 255) for each in shown.image.pixels] == [10, 20, 30, 40, 50, 60]
    assert dataset_of(file_of(folder), recursive=False).count == 5


def test_links_that_lead_out_of_the_folder_are_not_followed(folder: Path, tmp_path: Path, file_of: FileOf) -> None:
    Pil.new("RGB", (4, 4)).save(tmp_path / "secret.png")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "other").mkdir()
    Pil.new("RGB", (4, 4)).save(tmp_path / "other" / "secret.png")
    (folder / "z.png").symlink_to(tmp_path / "secret.png")
    (folder / "y").symlink_to(tmp_path / "other")
    (folder / "a.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "same.png").symlink_to(folder / "b.png")
    names = [each.path.name for each in files(file_of(folder), "*.png", recursive=True)]
    assert names == ["b.png", "d 9.png", "d 10.png", "e.png", "same.png"]
    assert look(dataset_of(file_of(folder), "a.*"), 0, 1).captions == [""]


def test_what_is_wrong_is_said(folder: Path, file_of: FileOf, context: Any) -> None:
    (folder / "c.txt").write_bytes(b"\xff\xfe\xfd")
    (folder / "d 9.txt").write_text("x" * 70_000)
    whole, picture = file_of(folder), file_of(folder / "b.png")
    for call, words in [
        (lambda: load_folder(whole, 5, context=context), "5 pictures .* none of them"),
        (lambda: load_folder(picture, context=context), "not a folder"),
        (lambda: files(whole, "*.mp4"), "there is no file '[*].mp4'"),
        (lambda: files(whole, first=20), "none of them was chosen"),
        (lambda: dataset_of(whole, "*.txt"), "there is no picture"),
        (lambda: dataset_of(whole, "c.*"), "caption of 'pictures/c.jpg' cannot be read as text"),
        (lambda: dataset_of(whole, "d 9.*"), "longer than 64 KiB"),
    ]:
        with pytest.raises(NodeError, match=words) as caught:
            call()
        assert str(folder) not in str(caught.value), "no path of the machine"
