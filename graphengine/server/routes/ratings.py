"""``/api/ratings``: what people think of results."""

import asyncio

from aiohttp import web

from graphengine.errors import NotFound
from graphengine.server.access import Caller
from graphengine.server.answers import answer, empty
from graphengine.server.backend import BACKEND
from graphengine.server.limits import read_body, read_query
from graphengine.server.rated import PairBody, RatingsOut, RatingsQuery, RatingView, StarsBody, as_csv
from graphengine.server.routing import Route
from graphengine.server.security import CALLER
from graphengine.service.ratings import MOST_PAGE, Rating, Ratings

_CSV = "text/csv"


async def list_ratings(request: web.Request) -> web.Response:
    """List the caller's ratings in their order; for an admin, everybody's."""
    asked = read_query(request, RatingsQuery)
    caller = request[CALLER]
    whose = caller.name if asked.own else _whose(caller)
    found = await _ratings(request).list(whose, asked.digest, limit=asked.limit, after=asked.after)
    return answer(RatingsOut(ratings=[RatingView.of(each) for each in found]))


async def table(request: web.Request) -> web.Response:
    """Return the same as comma-separated values, all of them: for a spreadsheet, or *Ratings by people*."""
    ratings, whose = _ratings(request), _whose(request[CALLER])
    found: list[Rating] = []
    while page := await ratings.list(whose, limit=MOST_PAGE, after=found[-1].number if found else 0):
        found.extend(page)
    body = await asyncio.to_thread(as_csv, found)
    return web.Response(body=body, content_type=_CSV, charset="utf-8")


async def rate(request: web.Request) -> web.Response:
    """Give a result of a job one to five stars; the caller's stars of before are replaced."""
    asked = await read_body(request, StarsBody)
    return answer(RatingView.of(await _ratings(request).rate(request[CALLER].name, asked.rated(), asked.stars)))


async def compare(request: web.Request) -> web.Response:
    """Say which of two results is better; what the caller said of the two before is replaced."""
    asked = await read_body(request, PairBody)
    first, second = asked.first.rated(), asked.second.rated()
    return answer(RatingView.of(await _ratings(request).compare(request[CALLER].name, first, second, asked.better)))


async def delete(request: web.Request) -> web.Response:
    """Forget a rating."""
    number = request.match_info["number"]
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        raise NotFound("there is no such rating")
    await _ratings(request).delete(_whose(request[CALLER]), int(number))
    return empty()


def _ratings(request: web.Request) -> Ratings:
    return request.app[BACKEND].store.ratings


def _whose(caller: Caller) -> str | None:
    return None if caller.scope == "admin" else caller.name


ROUTES = (
    Route("GET", "/api/ratings", list_ratings, "read", "ratings", query=RatingsQuery, answer=RatingsOut),
    Route("GET", "/api/ratings.csv", table, "read", "ratings", gives=_CSV),
    Route("PUT", "/api/ratings/stars", rate, "submit", "ratings", body=StarsBody, answer=RatingView),
    Route("PUT", "/api/ratings/pairs", compare, "submit", "ratings", body=PairBody, answer=RatingView),
    Route("DELETE", "/api/ratings/given/{number}", delete, "submit", "ratings", statuses=(204,)),
)
