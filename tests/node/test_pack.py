from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import plain_pack
import pytest

from graphengine.errors import DeclarationError, PackError
from graphengine.node.pack import Pack, PackSource, folder_packs, installed_packs
from graphengine.node.registry import Registry

GOOD = '''
from graphengine.node.declare import node

@node("{name}.double", category="own")
def double(value: float) -> float:
    """Double a number."""
    return 2 * value
'''


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, source: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source))
        return tmp_path

    return write


def test_a_file_in_a_folder_is_a_pack(write: Callable[[str, str], Path]) -> None:
    folder = write("mine.py", GOOD.format(name="mine"))
    registry = Registry((plain_pack.PACK, *folder_packs(folder)))
    assert "mine.double" in registry.nodes
    assert "plain.add" in registry.nodes


def test_a_package_in_a_folder_is_a_pack_with_all_its_modules(write: Callable[[str, str], Path]) -> None:
    write("big/__init__.py", '"""A package."""')
    folder = write("big/inner/deep.py", GOOD.format(name="deep"))
    write("big/inner/__init__.py", "")
    assert list(Registry(folder_packs(folder)).nodes) == ["deep.double"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1/0", "ZeroDivisionError"),
        ("import nothing_of_that_name", "nothing_of_that_name"),
        ("def f(:", "SyntaxError"),
        ("raise SystemExit(0)", "SystemExit"),
    ],
)
def test_a_broken_pack_is_loud(write: Callable[[str, str], Path], source: str, reason: str) -> None:
    with pytest.raises(PackError, match=reason):
        Registry(folder_packs(write("broken.py", source)))


def test_two_nodes_of_one_name_are_refused(write: Callable[[str, str], Path]) -> None:
    write("one.py", GOOD.format(name="same"))
    folder = write("two.py", GOOD.format(name="same"))
    with pytest.raises(DeclarationError, match=r"two nodes are called 'same\.double'"):
        Registry(folder_packs(folder))


def test_a_type_that_no_pack_declares_is_refused(write: Callable[[str, str], Path]) -> None:
    folder = write(
        "typed.py",
        '''
        from graphengine.node.declare import node

        class Cloud:
            """A type of nobody."""

        @node("own.cloud", category="own")
        def cloud() -> Cloud:
            """Make a cloud."""
            return Cloud()
        ''',
    )
    with pytest.raises(DeclarationError, match=r"Cloud.*which no pack declares"):
        Registry(folder_packs(folder))


def test_a_service_that_no_pack_offers_is_refused() -> None:
    lonely = Pack(name="lonely", package=plain_pack.__name__)
    with pytest.raises(DeclarationError, match="calls: Calls, which no pack offers"):
        Registry((lonely,))


def test_an_installed_pack_that_is_not_there_is_named() -> None:
    with pytest.raises(PackError, match="no pack 'missing' is installed"):
        list(installed_packs(["missing"]))


@pytest.mark.parametrize(("typo", "meant"), [("plain.ad", "plain.add"), ("image.add", "plain.add"), ("zzz", None)])
def test_a_similar_node_is_found(registry: Registry, typo: str, meant: str | None) -> None:
    assert registry.similar(typo) == meant


def test_a_source_names_the_same_packs_anywhere(write: Callable[[str, str], Path]) -> None:
    folder = write("mine.py", GOOD.format(name="mine"))
    source = PackSource(installed=(), folder=folder, modules=("plain_pack",))
    assert [pack.name for pack in source.load()] == ["mine", "plain"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (PackSource(installed=(), modules=("documents",)), "'documents' holds no PACK"),
        (PackSource(installed=(), modules=("nowhere",)), "'nowhere' cannot be imported"),
        (PackSource(installed=(), folder=Path("nowhere")), "nowhere is not there"),
    ],
)
def test_a_source_without_a_pack_is_refused(source: PackSource, message: str) -> None:
    with pytest.raises(PackError, match=message):
        list(source.load())
