"""Why a node will run, in words: what differs between how it stood before and how it stands now."""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from graphengine.plan.past import KEPT_LENGTH, Given, Ingredients, Source, Value

Verdict = Literal["runs", "may_run", "cached", "not_needed"]

ReasonCode = Literal[
    # why it runs
    "sink",
    "never_run",
    "type_changed",
    "version_changed",
    "environment_changed",
    "input_changed",
    "file_changed",
    "relinked",
    "source_runs",
    "source_may_run",
    "source_changed",
    "something_changed",
    "failed_before",
    "not_needed_before",
    "evicted",
    "not_kept",
    "cache_off",
    # why it only may
    "lazy",
    # why it need not
    "in_memory",
    "on_disk",
    "same_result",
    "covered",
    "loop",
]

_WIDE = 60  # characters of a value that are shown
_LEAD = 20  # of them before the first difference


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a verdict: a stable code, and a sentence for people.

    ``input`` names the input of the task that it is about, ``node`` the other node.
    """

    code: ReasonCode
    message: str
    input: str | None = None
    node: str | None = None


def differences(before: Ingredients, now: Ingredients, verdicts: Mapping[str, Verdict]) -> Iterator[Reason]:
    """Yield what changed in what a result is made of, at least one reason if its fingerprint did.

    Args:
        verdicts: of the tasks it takes something from.
    """
    if before.fingerprint == now.fingerprint:
        return
    if before.type != now.type:
        yield Reason("type_changed", f"the node is {now.type!r} now, it was {before.type!r}")
        return  # its inputs have nothing to do with those of the other
    found = [*_of_node(before, now), *_of_inputs(before, now, verdicts)]
    yield from found or [Reason("something_changed", "something that its result depends on changed")]


def _of_node(before: Ingredients, now: Ingredients) -> Iterator[Reason]:
    if before.version != now.version:
        message = f"the node is version {now.version} now, it was {before.version}"
        yield Reason("version_changed", message)
    if before.environment != now.environment:
        words = ", ".join(_changed_words(before.environment.split(), now.environment.split()))
        yield Reason("environment_changed", f"the environment changed: {words}")


def _of_inputs(before: Ingredients, now: Ingredients, verdicts: Mapping[str, Verdict]) -> Iterator[Reason]:
    for name in dict.fromkeys((*now.inputs, *before.inputs)):
        was, given = before.inputs.get(name), now.inputs.get(name)
        match was, given:
            case Value(), Value():
                yield from _value(name, was, given)
            case Source(), Source():
                yield from _source(name, was, given, verdicts)
            case _, None:
                yield Reason("input_changed", f"input {name!r} is gone", name)
            case None, _:
                yield Reason("input_changed", f"input {name!r} is new: it {_now(given)}", name, _node(given))
            case _:
                yield _relinked(name, was, given)


def _value(name: str, was: Value, given: Value) -> Iterator[Reason]:
    if was.file and given.file:
        if was.digest == given.digest:
            return  # another path to the same content
        if was.text == given.text:
            yield Reason("file_changed", f"its file {given.text!r} has another content", name)
            return
    if was != given:
        yield Reason("input_changed", f"input {name!r} changed{_change(was, given)}", name)


def _source(name: str, was: Source, given: Source, verdicts: Mapping[str, Verdict]) -> Iterator[Reason]:
    if (was.fingerprint, was.output) == (given.fingerprint, given.output):
        return  # a node may be renamed
    if (was.node, was.output) != (given.node, given.output):
        yield _relinked(name, was, given)
        return
    comes = f"input {name!r} comes from {given.node!r}, "
    match verdicts.get(given.node):
        case "runs":
            yield Reason("source_runs", comes + "which runs", name, given.node)
        case "may_run":
            yield Reason("source_may_run", comes + "which may run", name, given.node)
        case _:
            yield Reason("source_changed", comes + "whose result is another now", name, given.node)


def _relinked(name: str, was: Given, given: Given) -> Reason:
    then = f"came from {_address(was)}" if isinstance(was, Source) else f"was {_cut(_text(was), 0)}"
    return Reason("relinked", f"input {name!r} {_now(given)} now, it {then}", name, _node(given))


def _now(given: Given) -> str:
    return f"comes from {_address(given)}" if isinstance(given, Source) else f"is {_cut(_text(given), 0)}"


def _address(source: Source) -> str:
    return f"'{source.node}.{source.output}'"


def _node(given: Given) -> str | None:
    return given.node if isinstance(given, Source) else None


def _change(was: Value, given: Value) -> str:
    """Return what to say of a changed value, as far as it is known, from a little before the first difference."""
    first, second = _text(was), _text(given)
    if first == second:
        return f" after its first {KEPT_LENGTH} characters"
    start = 0
    if max(len(first), len(second)) > _WIDE:
        pairs = enumerate(zip(first, second, strict=False))
        same = next((index for index, (one, other) in pairs if one != other), min(len(first), len(second)))
        start = max(0, same - _LEAD)
    return f": {_cut(first, start)} → {_cut(second, start)}"


def _text(value: Value) -> str:
    if value.file:
        return repr(value.text)
    return value.text + "…" if value.digest else repr(json.loads(value.text))


def _cut(text: str, start: int) -> str:
    end = start + _WIDE
    return ("…" if start else "") + text[start:end] + ("…" if len(text) > end else "")


def _changed_words(before: list[str], now: list[str]) -> Iterator[str]:
    """Yield what was replaced by what, each after the word before it: ``torch 2.12 → 2.13``."""
    matcher = difflib.SequenceMatcher(None, before, now, autojunk=False)
    for kind, begin, end, new_begin, new_end in matcher.get_opcodes():
        old, new = " ".join(before[begin:end]), " ".join(now[new_begin:new_end])
        match kind:
            case "replace":
                yield " ".join([*before[max(0, begin - 1) : begin], old, "→", new])
            case "delete":
                yield f"{old} is gone"
            case "insert":
                yield f"{new} is new"
            case _:
                pass
