"""A written registry read again, in a process that loads no packs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from graphengine.errors import EngineBug
from graphengine.node.catalogue.written import FORMAT, Written
from graphengine.node.check import Check
from graphengine.node.lists import Extent, ItemsOf, LengthOf
from graphengine.node.pack import ServiceOptions
from graphengine.node.registry import Registry
from graphengine.node.spec import MISSING, Injection, Input, NodeSpec, Output
from graphengine.node.together import Together
from graphengine.node.widgets import Suits
from graphengine.types.assign import BUILTIN_CONVERSIONS, Assignability, Conversion
from graphengine.types.builtin import BUILTIN_TYPES
from graphengine.types.codec import Encoded, JsonCodec, SealedCodec
from graphengine.types.socket_type import SocketType, TypeRef


class WrittenRegistry(Registry):
    """A registry that was written down: it proves and plans as the live one does, and cannot call a node.

    Values of the packs' types stay as they came, encoded.
    """

    def __init__(self, written: Written, left_out: tuple[str, ...] = ()) -> None:
        """Read a registry.

        Raises:
            KeyError, TypeError, ValueError: this is none.
        """
        if written["format"] != FORMAT:
            raise ValueError("a registry of another format")
        self.packs = ()
        self.left_out = left_out
        self.services = ()
        self._by_class = {}
        types = (*BUILTIN_TYPES, *map(_type, written["types"]))
        self.types = {each.name: each for each in types}
        self.conversions = tuple(Conversion(source, target, elsewhere) for source, target in written["conversions"])
        self.assignability = Assignability((*BUILTIN_CONVERSIONS, *self.conversions))
        self.nodes = {each["id"]: _node(each) for each in written["nodes"]}
        self.roots = {name: Path(path) for name, path in written["roots"].items()}
        self._environments: Mapping[str, str] = written["environments"]
        self._facts: Mapping[str, Mapping[str, str]] = written["facts"]

    def environments(self, options: ServiceOptions) -> Mapping[str, str]:
        """Return what was written down, for the options that were asked then."""
        del options
        return self._environments

    def facts(self, options: ServiceOptions) -> Mapping[str, Mapping[str, str]]:
        """Return what was written down, as for environments."""
        del options
        return self._facts


class Elsewhere:
    """Stands for a class that only the processes know that load packs."""


def elsewhere(*_: object, **__: object) -> NoReturn:
    """Stand for a function that only the processes know that load packs."""
    raise EngineBug("a function of a pack is called where no pack is loaded")


def _type(written: Written) -> SocketType:
    return SocketType(
        name=written["name"],
        python=object if written["plain"] else Encoded,
        codec=JsonCodec() if written["plain"] else SealedCodec(),
        summary=written["summary"],
        colour=written["colour"],
        literal=written["literal"],
        lasting=written["lasting"],
        weights=written["weights"],
        part=written["part"],
    )


def _node(written: Written) -> NodeSpec:
    together = written["together"]
    return NodeSpec(
        id=written["id"],
        title=written["title"],
        category=written["category"],
        version=written["version"],
        summary=written["summary"],
        help=written["help"],
        inputs=tuple(map(_input, written["inputs"])),
        outputs=tuple(map(_output, written["outputs"])),
        several=written["several"],
        injected=tuple(Injection(name, Elsewhere) for name in written["injected"]),
        lane=written["lane"],
        sink=written["sink"],
        function=elsewhere,
        timeout=written["timeout"],
        retries=written["retries"],
        shrinks=written["shrinks"],
        together=None if together is None else Together(tuple(together["over"]), elsewhere, together["limit"]),
        checkpoints=written["checkpoints"],
        aliases=tuple(written["aliases"]),
    )


def _input(written: Written) -> Input:
    return Input(
        name=written["name"],
        type=TypeRef.parse(written["type"]),
        default=written.get("default", MISSING),
        check=_check(written["check"]),
        schema=written["schema"],
        widget=written["widget"],
        roots=tuple(written["roots"]),
        roles=tuple(written["roles"]),
        lazy=written["lazy"],
        suits=None if written["suits"] is None else Suits(written["suits"]["by"], written["suits"]["values"]),
    )


def _output(written: Written) -> Output:
    return Output(written["name"], TypeRef.parse(written["type"]), _check(written["check"]), _extent(written["extent"]))


def _check(written: Written | None) -> Check | None:
    return None if written is None else Check(written)


def _extent(written: Mapping[str, Any] | None) -> Extent | None:
    match written:
        case None:
            return None
        case {"items_of": name}:
            return ItemsOf(name)
        case {"length_of": name}:
            return LengthOf(name)
    raise ValueError("not the extent of a list")
