"""Messages to frames and back, in two formats: JSON as text, and msgpack, which can carry pictures."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal, NoReturn

import msgpack
from pydantic import ValidationError

from graphengine.errors import GraphEngineError, WorkflowError
from graphengine.server.messages import MESSAGES, REQUESTS, Message, Preview, Request
from graphengine.workflow.parse import MAX_DEPTH, parse_json

Format = Literal["json", "msgpack"]

MOST_BYTES: Final = 8 * 2**20
"""The largest request."""

MOST_ITEMS: Final = 20_000
"""The longest list or object of a request: the parser reserves room for as many as a list claims to have."""


MOST_VALUES: Final = 200_000
"""The values of a request, in JSON its commas and colons: no thread has a turn while a parser goes through them."""

AT_ONCE: Final = 50_000
"""The bytes that are parsed in the event loop: about a millisecond."""


class MalformedMessage(GraphEngineError):
    """A frame that holds no request; ``id`` is the request's, as far as that could be read."""

    def __init__(self, message: str, id_: str | None = None) -> None:
        super().__init__(message)
        self.id = id_


def encode(message: Message, form: Format) -> bytes:
    """Return the content of a frame."""
    if form == "json":
        without = {"data"} if isinstance(message, Preview) else None
        return message.model_dump_json(exclude=without).encode()
    packed: bytes = msgpack.packb(message.model_dump(), default=_plain)
    return packed


def request_of(content: str | bytes, form: Format) -> Request:
    """Return the request that a frame holds.

    Raises:
        MalformedMessage: it is not JSON or msgpack, too large, nested too deeply, or no request.
    """
    data = _json(content) if form == "json" else _msgpack(content)
    id_ = data.get("id") if isinstance(data, dict) else None
    try:
        return REQUESTS.validate_python(data)
    except ValidationError as error:
        known = id_ if isinstance(id_, str) and len(id_) <= 100 else None
        raise MalformedMessage(_told(error), known) from None


def message_of(content: str | bytes) -> Message | None:
    """Return what the service said, or None where it is of a type that this version does not know.

    Raises:
        MalformedMessage: it is not what the service says.
    """
    try:
        data = json.loads(content) if isinstance(content, str) else msgpack.unpackb(content)
        return MESSAGES.validate_python(data)
    except ValidationError as error:
        if [each["type"] for each in error.errors()] == ["union_tag_invalid"]:
            return None
        raise MalformedMessage(_told(error)) from None
    except (ValueError, RecursionError, msgpack.UnpackException) as error:
        raise MalformedMessage(f"not a message: {error}") from None


def _json(content: str | bytes) -> Any:
    if len(content) > MOST_BYTES:
        raise MalformedMessage("the message is too large")
    try:
        return parse_json(content, MOST_VALUES)
    except WorkflowError as error:
        raise MalformedMessage(error.problems[0].message.replace("document", "message")) from None


def _msgpack(content: str | bytes) -> Any:
    if isinstance(content, str) or len(content) > MOST_BYTES:
        raise MalformedMessage("the message is too large")
    tally = _Tally()
    try:
        data = msgpack.unpackb(
            content,
            list_hook=tally.listed,
            object_pairs_hook=tally.mapped,
            ext_hook=_no_extension,
            max_array_len=min(len(content), MOST_ITEMS),
            max_map_len=min(len(content), MOST_ITEMS),
            max_bin_len=0,
            max_ext_len=0,
        )
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise MalformedMessage(f"not msgpack: {error}") from None
    _check_depth(data)
    return data


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [part for whole in level for part in _parts(whole) if isinstance(part, dict | list)]
    if level:
        raise MalformedMessage("the message is nested too deeply")


def _parts(whole: Any) -> Iterable[Any]:
    if isinstance(whole, dict):
        return whole.values()
    return whole if isinstance(whole, list) else ()


class _Tally:
    """Counts the values of a message while it is parsed."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def listed(self, values: list[Any]) -> list[Any]:
        """Take a list in."""
        self._left -= len(values)
        if self._left < 0:
            raise ValueError("too many values")
        return values

    def mapped(self, pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
        """Take a map in; each key stands there once."""
        return _unique(self.listed(list(pairs)))


def _unique(listed: list[tuple[Any, Any]]) -> dict[Any, Any]:
    found = dict(listed)
    if len(found) != len(listed):
        twice = [key for key, number in Counter(key for key, _ in listed).items() if number > 1]
        raise ValueError(f"the key {twice[0]!r} stands there twice")
    return found


def _no_extension(code: int, _: bytes) -> NoReturn:
    raise ValueError(f"an extension type ({code})")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _told(error: ValidationError) -> str:
    """Return the first faults of a message in one line, without what it said."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'message'}: {each['msg']}"[:300] for each in faults[:3])
