"""The faults of a document's form, told to people: all at once, each at its place, in words and not in patterns."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from graphengine.errors import Problem, shown
from graphengine.workflow.document import (
    ADDRESS_PATTERN,
    DIGEST_PATTERN,
    NAME_PATTERN,
    OWN,
    UNKNOWN,
    Node,
    Pin,
    Subgraph,
    View,
    Workflow,
    WorkflowInput,
    WorkflowOutput,
)

_INNER: Mapping[str, type[BaseModel]] = {"inputs": WorkflowInput, "outputs": WorkflowOutput, "nodes": Node}
NAMED_PARTS: Mapping[type[BaseModel], Mapping[str, type[BaseModel]]] = {
    Workflow: {**_INNER, "subgraphs": Subgraph, "models": Pin},
    Subgraph: _INNER,
}
"""The fields of a part that hold further parts by name."""

MEANINGS = {
    "model_type": "an object is wanted",
    "dict_type": "an object is wanted",
    NAME_PATTERN: "a name is 1 to 64 letters, digits, '_' or '-', beginning with a letter",
    ADDRESS_PATTERN: "an address is written node.socket",
    DIGEST_PATTERN: "a SHA-256 is 64 hexadecimal digits, in lower case",
}
"""What pydantic says for programmers, by the kind of fault or by the pattern."""

Place = tuple[str | int, ...]


def form_problems(data: Any, error: ValidationError) -> Iterator[Problem]:
    """Yield what is wrong with the form of a document that was refused with ``error``."""
    for each in error.errors(include_url=False):
        if each["type"] != UNKNOWN:  # of which pydantic tells one a part, and none of a part with other faults
            fault = each.get("ctx", {}).get("pattern", each["type"])
            yield _problem(each["loc"], MEANINGS.get(fault, each["msg"]))
    for place, name in _unknown_fields(Workflow, data, ()):
        yield _problem(place, f"unknown field {shown(name)} (own fields begin with {OWN!r})")


def _unknown_fields(part: type[BaseModel], data: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Yield the place and name of each; as deep as parts lie in parts, which is three levels."""
    if not isinstance(data, dict):
        return
    known = {field.alias or name for name, field in part.model_fields.items()}
    for name in data:
        if name not in known and not name.startswith(OWN):
            yield place, name
    if "view" in known:
        yield from _unknown_fields(View, data.get("view"), (*place, "view"))
    for field, inner in NAMED_PARTS.get(part, {}).items():
        named = data.get(field)
        if isinstance(named, dict):
            for name, value in named.items():
                yield from _unknown_fields(inner, value, (*place, field, name))


def _problem(place: Place, message: str) -> Problem:
    """Return the problem at a place in the document, addressed to its node and input if it is in one."""
    parts = [_short(str(part)) for part in place if part != "[key]"]
    prefix = ""
    if parts[:1] == ["subgraphs"] and parts[2:3] == ["nodes"] and len(parts) > 3:
        prefix, parts = f"subgraphs/{parts[1]}/", parts[2:]
    if parts[:1] == ["nodes"] and len(parts) > 1:
        socket = parts[3] if parts[2:3] == ["inputs"] and len(parts) > 3 else None
        return Problem("malformed_document", _told(parts[2:], message), prefix + parts[1], socket)
    return Problem("malformed_document", _told(parts, message))


def _told(parts: list[str], message: str) -> str:
    return f"{'.'.join(parts)}: {message}" if parts else message


def _short(name: str) -> str:
    return name if len(name) <= 64 else f"{name[:61]}..."
