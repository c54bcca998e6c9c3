"""Answers from models."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, RootModel

LONG: Final = 50
"""From so many parts on an answer is made in a thread."""


def answer(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a model as a JSON response."""
    return _response(_json(model).encode(), status, headers)


async def long_answer(make: Callable[[], BaseModel]) -> web.Response:
    """Return what ``make`` makes as a JSON response; both is done in a thread, and nobody waits for it meanwhile."""
    return _response(await asyncio.to_thread(lambda: _in_parts(make())))


def empty() -> web.Response:
    """Return a response that says no more than that it is done."""
    return web.Response(status=204)


def _response(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8", headers=headers)


def _in_parts(model: BaseModel) -> bytes:
    """Return the JSON of a model; lists and maps of models bit by bit, for one call would keep all threads waiting."""
    fields = () if isinstance(model, RootModel) else type(model).model_fields
    long = {name: value for name in fields if _is_long(value := getattr(model, name))}
    if not long:
        return _json(model).encode()
    short = model.model_dump_json(exclude=set(long), warnings=False)[1:-1]
    parts = [f"{json.dumps(name)}:{_bits(value)}" for name, value in long.items()]
    return f"{{{','.join([short, *parts] if short else parts)}}}".encode()


def _is_long(value: Any) -> bool:
    parts: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(next(iter(parts), None), BaseModel)


def _bits(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{','.join(f'{json.dumps(key)}:{_json(part)}' for key, part in value.items())}}}"
    return f"[{','.join(map(_json, value))}]"


def _json(model: BaseModel) -> str:
    return model.model_dump_json(warnings=False)
