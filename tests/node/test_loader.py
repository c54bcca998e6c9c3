"""Catalogues: made in a process of their own, kept as long as nothing changed, whatever packs do at import."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from graphengine.errors import PackError
from graphengine.node.catalogue import kept
from graphengine.node.catalogue.loader import Catalogue, Loader
from graphengine.node.pack import PackSource, ServiceOptions

GOOD = """
import os
from typing import Annotated, Literal
from pydantic import Field
from graphengine.node.declare import node

@node("{name}.double", category="own", version={version})
def double(value: Annotated[float, Field(ge=0)] = 1.0) -> float:
    '''Double a number.'''
    return 2 * value
"""

Write = Callable[..., Path]
Load = Callable[..., Catalogue]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a pack as if it had been there for a minute."""

    def write(name: str, source: str) -> Path:
        path = tmp_path / "packs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source))
        long_ago = time.time() - 60
        os.utime(path, (long_ago, long_ago))
        return path

    return write


@pytest.fixture
def loader(tmp_path: Path) -> Callable[..., Loader]:
    def loader(patience: float = 60.0, options: ServiceOptions | None = None) -> Loader:
        source = PackSource(installed=(), folder=tmp_path / "packs")
        return Loader(source, options or ServiceOptions(), tmp_path / "catalogue", patience)

    return loader


@pytest.fixture
def load(loader: Callable[..., Loader], monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads as if the program itself had not been touched lately, whoever works at it meanwhile."""
    monkeypatch.setattr(kept, "STILL_NS", -(10**12))
    return lambda *arguments, **more: loader(*arguments, **more).load()


def good(name: str = "good", version: int = 1) -> str:
    return GOOD.format(name=name, version=version)


# ------------------------------------------------------------------ what is kept


def test_what_did_not_change_is_not_loaded_again(write: Write, load: Load) -> None:
    write("good.py", good())
    first, second = load(), load()
    assert (first.kept, second.kept) == (False, True)
    assert first.digest == second.digest
    assert first.registry.nodes == second.registry.nodes
    assert list(second.registry.nodes) == ["good.double"]


def changed_file(write: Write) -> None:
    write("good.py", good(version=2) + "\n# longer\n")


def same_size_later(write: Write) -> None:
    path = write("good.py", good(version=2))
    os.utime(path, (time.time() - 30, time.time() - 30))


def new_module(write: Write) -> None:
    write("other.py", good("other"))


def gone(write: Write) -> None:
    write("good.py", "").unlink()


def beside(write: Write) -> None:
    write("styles/list.json", "[]")


@pytest.mark.parametrize("change", [changed_file, same_size_later, new_module, gone, beside])
def test_a_stale_catalogue_is_never_used(write: Write, load: Load, change: Callable[[Write], None]) -> None:
    write("good.py", good())
    load()
    assert load().kept
    change(write)
    found = load()
    assert not found.kept
    assert {name: spec.version for name, spec in found.registry.nodes.items()} == {
        changed_file: {"good.double": 2},
        same_size_later: {"good.double": 2},
        new_module: {"good.double": 1, "other.double": 1},
        gone: {},
        beside: {"good.double": 1},
    }[change]


def test_what_it_is_asked_for_is_part_of_it(write: Write, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    write("good.py", good())
    load()
    assert not load(options=ServiceOptions(device="cpu")).kept
    assert load().kept
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    assert not load().kept


def test_what_was_changed_a_moment_ago_is_not_kept(write: Write, loader: Callable[..., Loader]) -> None:
    os.utime(write("good.py", good()))
    loader().load()
    assert not loader().load().kept


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: data.replace(b"Double", b"Treble"), lambda _: b""]
)
def test_a_damaged_file_is_none(write: Write, load: Load, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    write("good.py", good())
    load()
    (file,) = (tmp_path / "catalogue").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    found = load()
    assert not found.kept
    assert found.registry.nodes["good.double"].summary == "Double a number."


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(write: Write, load: Load, tmp_path: Path) -> None:
    write("good.py", good())
    (tmp_path / "catalogue").write_text("a file")
    assert list(load().registry.nodes) == ["good.double"]
    assert not load().kept


# ------------------------------------------------------------------ bad packs

BAD = {
    "raises": ("1/0", "ZeroDivisionError", "ZeroDivisionError"),
    "asks": ("import nothing_of_that_name", "nothing_of_that_name", "ModuleNotFoundError"),
    "exits": ("raise SystemExit(3)", "SystemExit", "SystemExit"),
    "leaves": ("import os; os._exit(5)", "exit code 5", "it ended its process with exit code 5"),
    "crashes": ("import ctypes; ctypes.string_at(1)", "SIGSEGV", "it died of SIGSEGV"),
    "hangs": ("import time; time.sleep(1000)", "more than 3 s", "it takes more than 3 s"),
    "spins": ("import re; re.match('(a*)*b', 'a' * 99)", "more than 3 s", "it takes more than 3 s"),
    "lies": ("from graphengine.node.declare import node\n@node('x', category='')\ndef f(): pass", "domain.name", ""),
}


@pytest.mark.parametrize("how", BAD)
def test_a_bad_pack_is_left_out_and_named(write: Write, load: Load, how: str) -> None:
    source, message, reason = BAD[how]
    write("a_good.py", good("first"))
    write("bad.py", source)
    write("z_good.py", good("last"))
    found = load(patience=3.0)
    assert list(found.registry.nodes) == ["first.double", "last.double"]
    (fault,) = found.faults
    assert (fault.pack, fault.name) == ("folder:bad", "bad")
    assert "'bad'" in fault.message
    assert message in fault.message
    assert reason in fault.reason
    assert os.sep not in fault.reason
    assert found.source.without == ("folder:bad",)
    assert [each.key for each in found.source.candidates()] == ["folder:a_good", "folder:z_good"]
    assert found.registry.left_out == ("bad",)
    assert not load(patience=3.0).kept, "it may be better the next time"


def test_several_bad_packs_are_all_named(write: Write, load: Load) -> None:
    write("a.py", "1/0")
    write("b.py", "import os; os._exit(1)")
    write("c.py", good("c"))
    write("d.py", "import os; os.abort()")
    write("e.py", "1/0")
    found = load()
    assert list(found.registry.nodes) == ["c.double"]
    assert sorted(fault.name for fault in found.faults) == ["a", "b", "d", "e"]


def test_of_two_packs_that_do_not_go_together_the_first_stays(write: Write, load: Load) -> None:
    write("one.py", good("same"))
    write("two.py", good("same", 2))
    found = load()
    assert found.registry.nodes["same.double"].version == 1
    assert [fault.name for fault in found.faults] == ["two"]
    assert "two nodes are called 'same.double'" in found.faults[0].message


def test_what_packs_print_is_no_catalogue(write: Write, load: Load, capfd: pytest.CaptureFixture[str]) -> None:
    write("good.py", "print('{\"registry\": 1}')\n" + good())
    assert list(load().registry.nodes) == ["good.double"]
    told = capfd.readouterr()
    assert told.out == ""
    assert "registry" in told.err


def test_who_does_not_need_it_any_more_does_not_wait(write: Write, loader: Callable[..., Loader]) -> None:
    write("hangs.py", "import time; time.sleep(1000)")
    waiting = loader()
    threading.Timer(1.0, waiting.close).start()
    began = time.monotonic()
    with pytest.raises(PackError, match="not needed any more"):
        waiting.load()
    assert time.monotonic() - began < 30


def test_a_named_pack_that_is_not_there_is_the_owners_fault(tmp_path: Path) -> None:
    for source in (PackSource(installed=("missing",)), PackSource(installed=(), folder=tmp_path / "missing")):
        with pytest.raises(PackError, match="missing"):
            Loader(source, ServiceOptions(), tmp_path).load()
