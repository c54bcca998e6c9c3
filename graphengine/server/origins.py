"""What files say of their origin, as clients get it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graphengine.errors import WorkflowError
from graphengine.files.carried import carried_texts
from graphengine.files.origin import LOCK, WORKFLOW
from graphengine.server.limits import MOST_JSON
from graphengine.server.problems import Refused
from graphengine.server.schema import Answer
from graphengine.server.wire import MOST_VALUES
from graphengine.workflow.parse import parse_json


class CarriedOut(Answer):
    """What a file says of its origin: the workflow that made it and the lock of its run, as they were written into it.

    Null is what it does not carry; a file of a kind that carries nothing, or a broken one, has neither.
    """

    workflow: dict[str, Any] | None = None
    lock: dict[str, Any] | None = None


def carried_in(path: Path) -> CarriedOut:
    """Return what a file says of its origin. It reads the file: call it in a thread.

    Raises:
        Refused: that is larger than what a request may bring, or no JSON object.
    """
    try:
        texts = carried_texts(path)
    except OSError:
        return CarriedOut()
    return CarriedOut(workflow=_object(texts, WORKFLOW), lock=_object(texts, LOCK))


def _object(texts: Mapping[str, str], keyword: str) -> dict[str, Any] | None:
    text = texts.get(keyword)
    if text is None:
        return None
    if len(text) > MOST_JSON:
        raise Refused(422, "unacceptable", f"what the file carries as {keyword} is larger than {MOST_JSON:,} bytes")
    try:
        found = parse_json(text, MOST_VALUES)
    except WorkflowError as error:
        message = error.problems[0].message
        raise Refused(422, "unacceptable", f"what the file carries as {keyword} is wrong: {message}") from None
    if not isinstance(found, dict):
        raise Refused(422, "unacceptable", f"what the file carries as {keyword} is no JSON object")
    return found
