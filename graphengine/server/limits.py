"""How much a request may bring, and how it is read: whole, in time, and strictly."""

import asyncio
from typing import Any, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from graphengine.errors import WorkflowError
from graphengine.server.problems import Fault, Refused
from graphengine.server.wire import AT_ONCE, MOST_VALUES
from graphengine.workflow.parse import parse_json

MOST_JSON: Final = 8 * 2**20
"""The bytes of a JSON body."""

MOST_UPLOAD: Final = 4 * 2**30
"""The bytes of a file."""

PATIENCE: Final = 30.0
"""The seconds in which a JSON body must have come, and within which some of a file must come."""

_FAULTS: Final = 50

M = TypeVar("M", bound=BaseModel)


async def read_body(request: web.Request, model: type[M], most: int = MOST_JSON) -> M:
    """Return the JSON body of a request, of at most ``most`` bytes; an empty one counts as ``{}``.

    Raises:
        Refused: it is too large, too slow, or not what is asked for.
    """
    content = await read_bytes(request, most)
    if len(content) <= AT_ONCE:
        return _parsed(content, model)
    return await asyncio.to_thread(_parsed, content, model)


def read_query(request: web.Request, model: type[M]) -> M:
    """Return the query of a request: each name at most once, texts as the model wants them.

    Raises:
        Refused: it is not what is asked for.
    """
    if len(request.query) != len(set(request.query)):
        raise Refused(400, "invalid_request", "a name stands twice in the query")
    return _checked(model, dict(request.query), strict=False)


async def read_bytes(request: web.Request, most: int) -> bytes:
    """Return the whole body of a request.

    Raises:
        Refused: it is larger than ``most`` bytes, or too slow.
    """
    if request.content_length is not None and request.content_length > most:
        raise Refused(413, "too_large", f"a body has at most {most:,} bytes")
    try:
        async with asyncio.timeout(PATIENCE):
            content = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Refused(413, "too_large", f"a body has at most {MOST_JSON:,} bytes") from None
    except TimeoutError:
        raise Refused(408, "too_slow", f"a body must come within {PATIENCE:.0f} seconds") from None
    if len(content) > most:
        raise Refused(413, "too_large", f"a body has at most {most:,} bytes")
    return content


def _parsed(content: bytes, model: type[M]) -> M:
    try:
        data = parse_json(content, MOST_VALUES) if content.strip() else {}
    except WorkflowError as error:
        raise Refused(400, "malformed_json", error.problems[0].message) from None
    return _checked(model, data, strict=True)


def _checked(model: type[M], data: Any, *, strict: bool) -> M:
    try:
        return model.model_validate(data, strict=strict)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[:_FAULTS]
        faults = [Fault(".".join(map(str, each["loc"]))[:200], each["msg"]) for each in found]
        raise Refused(400, "invalid_request", "the request has a wrong form", faults) from None
