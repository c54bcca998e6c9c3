"""``/api/hooks``: where other programs fire a schedule, each with the secret of that one and no token."""

from typing import Final

from aiohttp import web

from graphengine.server.answers import answer
from graphengine.server.backend import BACKEND
from graphengine.server.limits import read_body
from graphengine.server.problems import Refused
from graphengine.server.routing import Route
from graphengine.server.schema import HookBody, HookOut
from graphengine.server.security import secret_of

MOST_BODY: Final = 2**20
"""The bytes of a request."""

_KEYS: Final = ("Webhook-Id", "Idempotency-Key")
_LONGEST_KEY: Final = 200


async def receive(request: web.Request) -> web.Response:
    """Queue the job of a webhook, whose secret is the bearer token; the body's fields become inputs.

    A request that comes again with the same ``Webhook-Id`` or ``Idempotency-Key`` makes no second job: 200.
    """
    backend = request.app[BACKEND]
    schedule = await backend.timetable.knock(request.match_info["id"], secret_of(request) or "")
    body = await read_body(request, HookBody, MOST_BODY)
    backend.check_open()
    accepted = await backend.timetable.enter(schedule, body.root, _key(request))
    return answer(HookOut(job=accepted.job.id, created=accepted.created), 201 if accepted.created else 200)


def _key(request: web.Request) -> str | None:
    for name in _KEYS:
        key = request.headers.get(name)
        if key is not None:
            if not 1 <= len(key) <= _LONGEST_KEY or not key.isprintable():
                raise Refused(400, "invalid_request", f"{name} has 1 to {_LONGEST_KEY} printable characters")
            return f"{name}:{key}"
    return None


ROUTES = (
    Route(
        "POST", "/api/hooks/{id}", receive, "secret", "schedules", body=HookBody, answer=HookOut, statuses=(201, 200)
    ),
)
