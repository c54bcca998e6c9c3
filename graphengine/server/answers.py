"""Answers from models."""

from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel


def answer(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a model as a JSON response."""
    return web.Response(
        body=model.model_dump_json(warnings=False).encode(),
        status=status,
        content_type="application/json",
        charset="utf-8",
        headers=headers,
    )


def empty() -> web.Response:
    """Return a response that says no more than that it is done."""
    return web.Response(status=204)
