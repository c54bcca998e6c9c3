"""What went wrong, as clients hear of it: ``application/problem+json`` (RFC 9457) with a stable code.

Nothing in it tells what the service is made of: no traceback, no path, no SQL. What nobody expected gets a number
that stands in the log as well.
"""

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final, Literal

from aiohttp import ClientConnectionResetError, web

from graphengine.errors import QueueFull, ServiceCode, ServiceError, WorkflowError
from graphengine.server.access import Forbidden, Stranger

Code = Literal[
    "malformed_json",
    "invalid_request",
    "invalid_workflow",
    "too_large",
    "too_slow",
    "wrong_media_type",
    "wrong_host",
    "wrong_origin",
    "unauthorized",
    "forbidden",
    "no_route",
    "wrong_method",
    "bad_request",
    "upgrade_required",
    "wrong_digest",
    "closing",
    "internal",
    ServiceCode,
]

STATUS: Final[Mapping[ServiceCode, int]] = {
    "not_found": 404,
    "conflict": 409,
    "unacceptable": 422,
    "queue_full": 429,
    "lease_lost": 409,
    "disk_full": 507,
}
"""The statuses of what the service refuses; whatever is not here is for the moment: 503."""

_HTTP: Final[Mapping[int, Code]] = {404: "no_route", 405: "wrong_method", 413: "too_large"}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request, and where."""

    place: str
    message: str


class Refused(Exception):
    """A request that is not carried out."""

    def __init__(
        self,
        status: int,
        code: Code,
        detail: str,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.faults = faults
        self.headers = headers or {}


def problem(
    status: int, code: Code, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> web.Response:
    """Return a response that tells of one problem."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail}
    return web.Response(
        status=status,
        text=json.dumps({**body, **more}),
        content_type="application/problem+json",
        headers=headers,
    )


def problem_of(error: Exception) -> web.Response:
    """Return what a client hears of an error."""
    match error:
        case Refused():
            more = {"faults": [asdict(each) for each in error.faults]} if error.faults else {}
            return problem(error.status, error.code, error.detail, error.headers, **more)
        case WorkflowError():
            problems = [each.data() for each in error.problems]
            return problem(422, "invalid_workflow", f"{len(problems)} problems; nothing was run", problems=problems)
        case QueueFull():
            return problem(429, error.code, str(error), {"Retry-After": str(error.retry_after)})
        case ServiceError():
            status = STATUS.get(error.code, 503)
            return problem(status, error.code, str(error), {"Retry-After": "5"} if status >= 500 else None)
        case Stranger():
            return problem(401, "unauthorized", str(error), {"WWW-Authenticate": "Bearer"})
        case Forbidden():
            return problem(403, "forbidden", str(error))
        case web.HTTPException():
            headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
            return problem(error.status, _HTTP.get(error.status, "bad_request"), error.reason, headers)
        case ClientConnectionResetError():  # the client left before the upgrade to a websocket: nobody hears this
            return problem(400, "bad_request", "the connection was closed")
        case _:
            number = uuid.uuid4().hex
            _LOG.error("request failed: incident %s", number, exc_info=error)
            return problem(500, "internal", "the service failed; its log says why", incident=number)
