"""Bytes to a document: JSON without its traps, then migration, then the schema; problems, not tracebacks."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from pydantic import ValidationError

from graphengine.errors import Problem, WorkflowError, shown
from graphengine.workflow.document import Workflow
from graphengine.workflow.form import form_problems
from graphengine.workflow.migrate import migrate

MAX_BYTES = 64 * 2**20
MAX_DEPTH = 100
"""How deeply lists and objects may lie within each other."""
TOO_DEEP = "the document is nested too deeply"
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape for half a character; two of them can make a whole one."""


def parse_workflow(text: str | bytes) -> Workflow:
    """Return the document that a JSON text holds, in the current version of the format.

    Raises:
        WorkflowError: it is not JSON (RFC 8259: no NaN, no key twice), or not a workflow.
    """
    return workflow_from(parse_json(text))


def workflow_from(data: Any) -> Workflow:
    """Return the document that plain data holds, migrated to the current version of the format.

    Raises:
        WorkflowError: the data are not a workflow; every fault of the form is listed.
    """
    if not isinstance(data, dict):
        raise WorkflowError([Problem("malformed_document", "a workflow is a JSON object")])
    current = migrate(data)
    try:
        return Workflow.model_validate(current)
    except ValidationError as error:
        raise WorkflowError(form_problems(current, error)) from None


def parse_json(text: str | bytes, most: int | None = None) -> Any:
    """Return what a JSON text says.

    Args:
        most: the commas and colons that it may have, those in strings included: about as many values.

    Raises:
        WorkflowError: it is not JSON, or larger than 64 MiB, or has too many values, or is nested too deeply.
    """
    if len(text) > MAX_BYTES:
        raise WorkflowError([Problem("malformed_json", "the document is larger than 64 MiB")])
    if most is not None and _separators(text) > most:
        raise WorkflowError([Problem("malformed_json", f"the document has more than {most:,} commas and colons")])
    try:
        return _parsed(text if isinstance(text, str) else text.decode(json.detect_encoding(text)))
    except RecursionError:
        message = TOO_DEEP
    except UnicodeDecodeError as error:
        message = f"the document is not UTF-8: byte {error.start}"
    except UnicodeEncodeError:
        message = "the document holds half a surrogate pair, which is no character"
    except ValueError as error:
        message = f"the document is not JSON: {error}"
    raise WorkflowError([Problem("malformed_json", message)])


def _parsed(text: str) -> Any:
    if not text.isascii():
        text.encode()
    data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [part for whole in level for part in _parts(whole) if isinstance(part, dict | list)]
    if level:
        raise RecursionError
    if SURROGATE.search(text):
        json.dumps(data, ensure_ascii=False).encode()
    return data


def _separators(text: str | bytes) -> int:
    return text.count(",") + text.count(":") if isinstance(text, str) else text.count(b",") + text.count(b":")


def _parts(whole: Any) -> Iterable[Any]:
    """Return what a value is made of, one level down."""
    if isinstance(whole, dict):
        return whole.values()
    return whole if isinstance(whole, list) else ()


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {shown(twice)} stands twice in one object")
    return made


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"the number {shown(digits)} is too large")
    return value


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")
