"""The imports of the code, sorted as the usual linter has them."""

import re
from collections import defaultdict
from collections.abc import Iterator

from graphengine.builder.export.source import Group, laid_out


class Imports:
    """What is imported, from where, and under which name."""

    def __init__(self) -> None:
        self._names: defaultdict[str, dict[str, str]] = defaultdict(dict)

    def add(self, module: str, name: str, alias: str = "") -> None:
        """Import a name of a module, as ``alias`` if that is another."""
        self._names[module][name] = alias or name

    def lines(self) -> Iterator[str]:
        """Yield the statements."""
        for module in sorted(self._names, key=_natural):
            names = self._names[module]
            plain = sorted((name for name, alias in names.items() if name == alias), key=_rank)
            renamed = {
                name: f"from {module} import {name} as {alias}" for name, alias in names.items() if name != alias
            }
            statements = {**renamed, **({plain[0]: _statement(module, plain)} if plain else {})}
            yield from (statements[name] for name in sorted(statements, key=_rank))


def _statement(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    broken = Group(f"from {module} import (", tuple(names), ")")
    return line if len(line) <= 120 else laid_out(broken, 0, 0)


def _rank(name: str) -> tuple[int, list[tuple[int, str]]]:
    """Constants first, then classes, then all others."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, _natural(name)


def _natural(word: str) -> list[tuple[int, str]]:
    """Return what sorts ``a10`` after ``a9``."""
    return [(int(each), "") if each.isdigit() else (-1, each) for each in re.split(r"(\d+)", word.lower())]
