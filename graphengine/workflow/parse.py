"""Bytes to a document: JSON without its traps, then migration, then the schema; problems, not tracebacks."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn

from pydantic import ValidationError

from graphengine.errors import Problem, WorkflowError
from graphengine.workflow.document import Workflow
from graphengine.workflow.migrate import migrate

MAX_BYTES = 64 * 2**20


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
    try:
        return Workflow.model_validate(migrate(data))
    except ValidationError as error:
        raise WorkflowError(_problem(each) for each in error.errors(include_url=False, include_context=False)) from None


def parse_json(text: str | bytes) -> Any:
    """Return what a JSON text says.

    Raises:
        WorkflowError: it is not JSON, or larger than 64 MiB, or nested too deeply.
    """
    if len(text) > MAX_BYTES:
        raise WorkflowError([Problem("malformed_json", "the document is larger than 64 MiB")])
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        message = "the document is nested too deeply"
    except UnicodeDecodeError as error:
        message = f"the document is not UTF-8: byte {error.start}"
    except ValueError as error:
        message = f"the document is not JSON: {error}"
    raise WorkflowError([Problem("malformed_json", message)])


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return made


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _problem(error: Mapping[str, Any]) -> Problem:
    location = [str(part) for part in error["loc"] if part != "[key]"]
    message = str(error["msg"]).removeprefix("Value error, ")
    if location[:1] == ["nodes"] and len(location) > 1:
        socket = location[3] if location[2:3] == ["inputs"] and len(location) > 3 else None
        return Problem("malformed_document", f"{'.'.join(location[2:])}: {message}", location[1], socket)
    place = ".".join(location)
    return Problem("malformed_document", f"{place}: {message}" if place else message)
