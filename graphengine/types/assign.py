"""What may flow into what: one table, read by the resolver, the executors and the editor alike."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphengine.errors import DeclarationError
from graphengine.types.socket_type import TypeRef

ANY = TypeRef("Any")


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Conversion:
    """A lossless way from one socket type to another that happens by itself on a link."""

    source: str
    target: str
    convert: Callable[[Any], Any] = _same


IDENTITY = Conversion("Any", "Any")

BUILTIN_CONVERSIONS = (
    Conversion("Int", "Float", float),
    Conversion("Seed", "Int"),
    Conversion("Int", "Seed"),
    Conversion("Seed", "Float", float),
    Conversion("Choice", "String"),
    Conversion("String", "Choice"),
)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a link fits: by which conversion, and whether a list comes whole or item by item."""

    conversion: Conversion
    each: bool = False


class Assignability:
    """The table of conversions: equal types always connect, others only by a declared conversion."""

    def __init__(self, conversions: Iterable[Conversion] = BUILTIN_CONVERSIONS) -> None:
        self._table: dict[tuple[str, str], Conversion] = {}
        for conversion in conversions:
            key = (conversion.source, conversion.target)
            if key in self._table:
                raise DeclarationError(f"two conversions from {key[0]} to {key[1]}")
            self._table[key] = conversion

    def find(self, source: TypeRef, target: TypeRef) -> Conversion | None:
        """Return the conversion for a link from ``source`` to ``target``, or None if they do not connect."""
        if source == target or (ANY in (source, target) and not (source.flows or target.flows)):
            return IDENTITY
        if source.item is not None and target.item is not None and source.name == target.name == "List":
            return self._of_lists(source, target)
        return self._table.get((str(source), str(target)))

    def _of_lists(self, source: TypeRef, target: TypeRef) -> Conversion | None:
        """Return the conversion of all items of a list."""
        found = None if source.item is None or target.item is None else self.find(source.item, target.item)
        if found is None or found is IDENTITY:
            return found
        return Conversion(str(source), str(target), lambda values: [found.convert(value) for value in values])

    def fit(self, source: TypeRef, target: TypeRef) -> Fit | None:
        """Return how a link from ``source`` to ``target`` fits, or None if it does not.

        A list or a sequence also fits where one of its items would: the node is then called for each item. A list
        fits where a sequence is wanted, and the other way round; the conversion is then that of the items.
        """
        whole = self.find(source, target)
        if whole is not None:
            return Fit(whole)
        if source.item is None:
            return None
        if target.item is not None and (source.flows or target.flows):
            items = self.find(source.item, target.item)
            return None if items is None else Fit(items)
        item = self.find(source.item, target)
        return None if item is None else Fit(item, each=True)

    def __iter__(self) -> Iterator[Conversion]:
        return iter(self._table.values())

    def into(self, target: TypeRef) -> tuple[str, ...]:
        """Return the names of the types that flow into ``target``, itself first."""
        return (str(target), *(c.source for c in self._table.values() if c.target == str(target)))
