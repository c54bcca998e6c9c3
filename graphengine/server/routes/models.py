"""``/api/models``: what a workflow can name to be loaded."""

import asyncio
from typing import Final

from aiohttp import web

from graphengine.errors import NotFound
from graphengine.models.prompt import parse_prompt
from graphengine.models.tokens import Vocabulary
from graphengine.server.answers import answer
from graphengine.server.backend import BACKEND
from graphengine.server.catalogue import TokensBody, TokensOut, WordsOut
from graphengine.server.limits import read_body, read_query
from graphengine.server.modelling import page_of
from graphengine.server.pictures import picture_of
from graphengine.server.routing import Route
from graphengine.server.schema import ModelsQuery
from graphengine.server.views import ModelsView

MOST_WORDS: Final = 10_000
"""The words of a vocabulary that are told; the rest is seldom meant."""


async def list_models(request: web.Request) -> web.Response:
    """List the models in the model folders and those that came with packs, with what their headers tell."""
    asked = read_query(request, ModelsQuery)
    backend = request.app[BACKEND]
    await backend.packs.wait()
    return answer(await asyncio.to_thread(page_of, backend.engine.models, asked.limit, asked.after))


async def preview(request: web.Request) -> web.Response:
    """Return the picture that lies beside a model."""
    backend = request.app[BACKEND]
    await backend.packs.wait()
    path = await asyncio.to_thread(backend.engine.models.preview, request.match_info["id"])
    if path is None:
        raise NotFound("there is no picture of a model of that id")
    return await asyncio.to_thread(picture_of, path)


async def count_tokens(request: web.Request) -> web.Response:
    """Count the tokens of a prompt as a model reads it: weights are none of them."""
    asked = await read_body(request, TokensBody)
    vocabulary = await _vocabulary(request)
    count = await asyncio.to_thread(_count, vocabulary, asked.text)
    return answer(TokensOut(tokens=count, room=vocabulary.room))


async def list_words(request: web.Request) -> web.Response:
    """List words that a model knows whole; an editor may offer them to who types a prompt."""
    vocabulary = await _vocabulary(request)
    return answer(WordsOut(words=(await asyncio.to_thread(vocabulary.words))[:MOST_WORDS]))


async def _vocabulary(request: web.Request) -> Vocabulary:
    backend = request.app[BACKEND]
    await backend.packs.wait()
    found = await asyncio.to_thread(backend.engine.models.vocabulary, request.match_info["id"])
    if found is None:
        raise NotFound("there is no model of that id whose vocabulary is known")
    return found


def _count(vocabulary: Vocabulary, text: str) -> int:
    return sum(vocabulary.count(fragment.text) for fragment in parse_prompt(text))


ROUTES = (
    Route("GET", "/api/models", list_models, "read", "models", query=ModelsQuery, answer=ModelsView),
    Route("GET", "/api/models/{id}/preview", preview, "read", "models", gives="image/*"),
    Route("POST", "/api/models/{id}/tokens", count_tokens, "read", "models", body=TokensBody, answer=TokensOut),
    Route("GET", "/api/models/{id}/words", list_words, "read", "models", answer=WordsOut),
)
