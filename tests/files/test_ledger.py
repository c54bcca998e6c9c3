"""Hashes of large files outlive the process, as long as the files stay what they are."""

import os
from pathlib import Path

import pytest

from graphengine.files import ledger
from graphengine.files.digest import LARGE, Digests, sha256
from graphengine.files.ledger import DigestLedger


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A large file that has been as it is for an hour."""
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"x" * LARGE)
    an_hour_ago = path.stat().st_mtime - 3_600
    os.utime(path, (an_hour_ago, an_hour_ago))
    return path


def opened(tmp_path: Path) -> Digests:
    return Digests(DigestLedger(tmp_path / "data" / "digests"))


def test_a_large_file_is_read_once_for_all_processes(large: Path, tmp_path: Path) -> None:
    first = opened(tmp_path).of(large)
    assert first == sha256(b"x" * LARGE)
    later = opened(tmp_path)
    assert later.known(large) == first
    content = large.read_bytes()
    status = large.stat()
    large.write_bytes(b"y" * LARGE)  # behind the back of everybody: size and time are as before
    os.utime(large, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert later.of(large) == first, "it was not read again"
    os.utime(large)
    assert later.of(large) == sha256(b"y" * LARGE) != sha256(content)


def test_a_small_or_a_new_file_is_not_kept(large: Path, tmp_path: Path) -> None:
    small, new = tmp_path / "small", tmp_path / "new"
    small.write_bytes(b"x")
    os.utime(small, (1, 1))
    new.write_bytes(b"x" * LARGE)
    digests = opened(tmp_path)
    for path in (small, new):
        digests.of(path)
    later = opened(tmp_path)
    assert (later.known(small), later.known(new)) == (None, None)
    digests.note(large, "0" * 64)
    assert opened(tmp_path).known(large) == "0" * 64


def test_a_folder_is_known_by_its_files(large: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    large.rename(folder / "weights.safetensors")
    assert opened(tmp_path).known(folder) is None
    content = opened(tmp_path).content(folder)
    assert content.nbytes == LARGE
    assert opened(tmp_path).known(folder) == content.digest


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe[", b'["a", 1]\n', b'["/a", 1, 2, "no hash"]\n', b"[" * 100 + b"\n", b"{}\n"]
)
def test_damaged_lines_are_passed_over(large: Path, tmp_path: Path, damage: bytes) -> None:
    found = opened(tmp_path).of(large)
    kept = tmp_path / "data" / "digests"
    kept.write_bytes(damage + b"\n" + kept.read_bytes() + damage)
    assert opened(tmp_path).known(large) == found


def test_lines_that_count_no_more_are_cleared_away(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "SPARE", 3)
    kept = tmp_path / "data" / "digests"
    for time in range(1, 7):
        os.utime(large, (time, time))
        opened(tmp_path).of(large)
    lines = len(kept.read_bytes().splitlines())
    assert lines <= 5
    assert opened(tmp_path).known(large) == sha256(b"x" * LARGE)


def test_a_folder_that_cannot_be_written_is_no_fault(large: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in the way")
    assert opened(tmp_path).of(large) == sha256(b"x" * LARGE)
