"""``/api/login``: a page keeps its token where no script can read it, in a cookie that goes to this service only."""

from aiohttp import web

from graphengine.server.answers import empty
from graphengine.server.backend import BACKEND
from graphengine.server.limits import read_body
from graphengine.server.problems import Refused
from graphengine.server.routing import Route
from graphengine.server.schema import Login, Nothing
from graphengine.server.security import COOKIE

_AGE = 30 * 24 * 3_600
"""The seconds after which a browser asks again."""


async def login(request: web.Request) -> web.Response:
    """Give a browser its token as a cookie; it then stands for the header ``Authorization``."""
    asked = await read_body(request, Login)
    if request.app[BACKEND].access.caller(asked.token) is None:
        raise Refused(401, "unauthorized", "the token is not known", headers={"WWW-Authenticate": "Bearer"})
    response = empty()
    response.set_cookie(
        COOKIE, asked.token, max_age=_AGE, path="/", httponly=True, samesite="Strict", secure=request.secure
    )
    return response


async def logout(request: web.Request) -> web.Response:
    """Take the cookie back."""
    await read_body(request, Nothing)
    response = empty()
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict", secure=request.secure)
    return response


ROUTES = (
    Route("POST", "/api/login", login, "public", "access", body=Login, statuses=(204,)),
    Route("POST", "/api/logout", logout, "public", "access", body=Nothing, statuses=(204,)),
)
