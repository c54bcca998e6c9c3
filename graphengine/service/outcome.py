"""What is kept of a run that ended well: its plain values, and the files it wrote by what they hold."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import JsonValue

from graphengine.plan.plan import Plan
from graphengine.service.job import JsonObject
from graphengine.types.values import Described

MOST_TEXT: Final = 100_000
MOST_ITEMS: Final = 1_000


def outcome(plan: Plan, values: Mapping[str, Any], files: Sequence[JsonObject]) -> JsonObject:
    """Return the result of a job: of each output its type, and where it is plain and not large its value."""
    outputs: dict[str, JsonValue] = {}
    for name, socket in plan.outputs.items():
        described: dict[str, JsonValue] = {"task": socket.node, "type": str(plan.types[name])}
        if name in values and _is_plain(values[name]):
            described["value"] = _shown(values[name])
        elif name in values and (words := _described(values[name])):
            described["description"] = words
        outputs[name] = described
    return {"outputs": outputs, "files": [dict(file) for file in files]}


def _described(value: Any) -> str:
    """Say what a value is that does not go into a result: the shapes of tensors, the length of a list."""
    if isinstance(value, list):
        first = _described(value[0]) if value else ""
        return f"{len(value)} × {first}" if first else f"{len(value)} items"
    if isinstance(value, str):
        return f"{len(value)} characters"
    return value.described() if isinstance(value, Described) else ""


def _is_plain(value: Any) -> bool:
    """Return whether a value goes into a result as it is: a number, a text, or a list of such."""
    if isinstance(value, str):
        return len(value) <= MOST_TEXT
    if isinstance(value, list):
        return len(value) <= MOST_ITEMS and all(isinstance(each, bool | int | float) for each in value)
    return isinstance(value, bool | int | float)


def _shown(value: Any) -> JsonValue:
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such number
    plain: JsonValue = value
    return plain
