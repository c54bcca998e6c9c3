"""How two locks differ: what was otherwise when a result was made."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from graphengine.plan.lock import Lock
from graphengine.workflow.files import MODELS

Kind = Literal["model", "input", "node", "version", "environment", "setting"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise.

    Attributes:
        kind: what it is: a ``node`` has another version, ``version`` is that of graphengine, ``environment`` are
            libraries and the device.
        name: which one.
        before: what it was; empty if there was none.
        now: what it is; empty if there is none.
    """

    kind: Kind
    name: str
    before: str
    now: str

    def data(self) -> dict[str, str]:
        """Return what JSON says of it."""
        return asdict(self)

    def __str__(self) -> str:
        kind = {"version": "", "environment": "", "setting": "the setting "}.get(self.kind, f"{self.kind} ")
        return f"{kind}{self.name}: {self.before or 'not there'} → {self.now or 'not there'}"


def differences(before: Lock, now: Lock) -> list[Difference]:
    """Return how two locks differ, the most telling first: models, then inputs, nodes, and all around them."""
    return [
        *_between("model", _digests(before, MODELS), _digests(now, MODELS)),
        *_between("input", _digests(before, "inputs"), _digests(now, "inputs")),
        *_between("node", _part(before, "nodes"), _part(now, "nodes")),
        *_between("version", {"graphengine": before.get("graphengine")}, {"graphengine": now.get("graphengine")}),
        *_between("environment", _named(before), _named(now)),
        *_between("setting", _part(before, "settings"), _part(now, "settings")),
    ]


def _between(kind: Kind, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys((*before, *now)):
        was, is_ = before.get(name), now.get(name)
        if was != is_:
            yield Difference(kind, name, "" if was is None else str(was), "" if is_ is None else str(is_))


def _part(lock: Lock, name: str) -> Mapping[str, Any]:
    found = lock.get(name)
    return found if isinstance(found, dict) else {}


def _digests(lock: Lock, name: str) -> Mapping[str, str]:
    files = _part(lock, name)
    return {reference: str(each.get("sha256")) for reference, each in files.items() if isinstance(each, dict)}


def _named(lock: Lock) -> Mapping[str, str]:
    packs = _part(lock, "environment")
    facts = {pack: each for pack, each in packs.items() if isinstance(each, dict)}
    return {
        name if pack == "builtin" else f"{name} of {pack}": str(value)
        for pack, each in facts.items()
        for name, value in each.items()
    }
