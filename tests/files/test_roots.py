import hashlib
import os
from pathlib import Path

import pytest

from graphengine.errors import FileRefused
from graphengine.files.digest import Content, Digests, sha256
from graphengine.files.roots import File, Roots


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "inputs" / "sub").mkdir(parents=True)
    (tmp_path / "inputs" / "cat.png").write_bytes(b"cat")
    (tmp_path / "inputs" / "sub" / "dog.png").write_bytes(b"dog")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "inputs" / "leak").symlink_to(tmp_path / "secret")
    return tmp_path


@pytest.fixture
def roots(place: Path) -> Roots:
    return Roots({"inputs": [place / "inputs"], "models": [place / "nowhere"]})


@pytest.mark.parametrize("reference", ["cat.png", "inputs:cat.png", "sub/dog.png", "inputs:sub/dog.png"])
def test_a_file_in_a_root_is_found(roots: Roots, reference: str) -> None:
    assert roots.locate(reference, ["inputs"]).is_file()


@pytest.mark.parametrize(
    "reference",
    [
        "../secret",
        "sub/../../secret",
        "/etc/passwd",
        "inputs:../secret",
        "inputs:/etc/passwd",
        "..\\secret",
        "leak",
        "",
        "a\0b",
    ],
)
def test_nothing_outside_a_root_is_reached(roots: Roots, reference: str) -> None:
    with pytest.raises(FileRefused) as caught:
        roots.locate(reference, ["inputs"])
    assert "/secret" not in caught.value.hint


def test_a_missing_file_is_missing_and_names_a_similar_one(roots: Roots) -> None:
    with pytest.raises(FileRefused, match="no file 'cut.png'") as caught:
        roots.locate("cut.png", ["inputs"])
    assert caught.value.missing
    assert caught.value.hint == "Did you mean 'cat.png'?"


def test_the_owner_of_the_machine_may_go_anywhere(place: Path, roots: Roots) -> None:
    opened = Roots(roots.folders, anywhere=True)
    assert opened.locate(str(place / "secret"), ["inputs"]) == place / "secret"


@pytest.mark.parametrize("reference", ["./secret", "secret", "inputs/../secret", "../{folder}/secret", "sub/dog.png"])
def test_the_owner_may_name_a_path_from_the_current_folder(
    place: Path, roots: Roots, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    monkeypatch.chdir(place)
    reference = reference.format(folder=place.name)
    found = Roots(roots.folders, anywhere=True).locate(reference, ["inputs"])
    assert found.is_absolute()
    assert found.read_bytes() == (b"dog" if reference == "sub/dog.png" else b"secret")
    if reference != "sub/dog.png":
        with pytest.raises(FileRefused):
            roots.locate(reference, ["inputs"])


@pytest.mark.parametrize("reference", ["../none", "~nobody-of-this-name/x", "x" * 300, "/none"])
def test_a_missing_file_is_missing_for_the_owner_as_well(place: Path, roots: Roots, reference: str) -> None:
    with pytest.raises(FileRefused, match="there is no file") as caught:
        Roots(roots.folders, anywhere=True).locate(reference, ["inputs"])
    assert caught.value.missing


def test_a_root_that_is_named_is_not_left_by_its_owner_either(roots: Roots) -> None:
    with pytest.raises(FileRefused, match="outside"):
        Roots(roots.folders, anywhere=True).locate("inputs:../secret", ["inputs"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("anywhere", [False, True])
def test_what_is_no_file_and_no_folder_is_refused(place: Path, roots: Roots, anywhere: bool) -> None:
    os.mkfifo(place / "inputs" / "pipe")
    opened = Roots(roots.folders, anywhere)
    for reference in ("pipe", "inputs:pipe", *([os.devnull] if anywhere else [])):
        with pytest.raises(FileRefused, match="neither a file nor a folder"):
            opened.locate(reference, ["inputs"])


def test_digests_follow_the_content(tmp_path: Path) -> None:
    digests = Digests()
    path = tmp_path / "a"
    path.write_bytes(b"one")
    assert digests.of(path) == sha256(b"one")
    path.write_bytes(b"three")
    assert digests.of(path) == sha256(b"three")


def test_the_digest_of_a_folder_knows_names_and_content(tmp_path: Path) -> None:
    digests = Digests()
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a").write_bytes(b"1")
    first = digests.of(tmp_path / "x")
    (tmp_path / "x" / "a").rename(tmp_path / "x" / "b")
    second = digests.of(tmp_path / "x")
    (tmp_path / "x" / "b").write_bytes(b"22")
    assert len({first, second, digests.of(tmp_path / "x")}) == 3


def test_files_of_a_folder_are_in_order_part_by_part_and_no_folder_is_entered_by_a_link(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    for name in ("b/z", "b-c", "b/a/y", "a"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "link").symlink_to(folder / "b", target_is_directory=True)
    (folder / "also").symlink_to(folder / "b" / "z")
    expected = hashlib.sha256()
    for name, content in (("a", "a"), ("also", "b/z"), ("b/a/y", "b/a/y"), ("b/z", "b/z"), ("b-c", "b-c")):
        expected.update(f"{name}\0{sha256(content.encode())}\n".encode())
    digests = Digests()
    assert digests.known(folder) is None
    assert digests.content(folder) == Content(expected.hexdigest(), 1 + 3 + 5 + 3 + 3)
    assert digests.known(folder) == expected.hexdigest()


def test_a_folder_with_too_much_in_it_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphengine.files.digest.MAX_ENTRIES", 3)
    for name in "abc":
        (tmp_path / name).touch()
    assert Digests().of(tmp_path)
    (tmp_path / "d").touch()
    with pytest.raises(FileRefused, match="more than 3 files") as caught:
        Digests().of(tmp_path)
    assert caught.value.hint


def test_files_are_equal_when_their_content_is(tmp_path: Path) -> None:
    assert File("a", tmp_path / "a", "d1") == File("b", tmp_path / "b", "d1") != File("a", tmp_path / "a", "d2")
