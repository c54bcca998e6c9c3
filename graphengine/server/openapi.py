"""The OpenAPI document, made from the routes and their models: what is served is described, and nothing else."""

import re
from collections.abc import Iterable, Mapping
from inspect import getdoc
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from graphengine.server.routing import JSON, Route
from graphengine.server.schema import ProblemDocument

_REF: Final = "#/components/schemas/{model}"
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_SECURITY: Final[Mapping[str, Any]] = {"public": [], "secret": [{"secret": []}]}
_PROBLEM: Final = {
    "description": "A problem (RFC 9457).",
    "content": {"application/problem+json": {"schema": {"$ref": _REF.format(model="ProblemDocument")}}},
}


def openapi(routes: Iterable[Route]) -> Mapping[str, Any]:
    """Return the document (OpenAPI 3.1) of all routes."""
    listed = list(routes)
    used = {model for route in listed for model in (route.body, route.answer) if model is not None}
    models = sorted(used | {ProblemDocument}, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "graphengine", "version": "1", "description": "A workflow engine with durable jobs."},
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token of the service."},
                "secret": {"type": "http", "scheme": "bearer", "description": "The secret of this one webhook."},
            },
        },
    }


def _operation(route: Route) -> Mapping[str, Any]:
    says = getdoc(route.handle) or ""
    operation: dict[str, Any] = {
        "operationId": _name(route),
        "tags": [route.tag],
        "summary": says.partition("\n")[0],
        "parameters": [*_path_parameters(route.path), *_query_parameters(route.query)],
        "responses": {**{str(status): _success(route, status) for status in route.statuses}, "default": _PROBLEM},
        "security": _SECURITY.get(route.permission, [{"token": []}, {}]),
        "x-permission": route.permission,
    }
    if route.body is not None or route.takes != JSON:
        schema = {} if route.body is None else {"$ref": _REF.format(model=route.body.__name__)}
        operation["requestBody"] = {"required": True, "content": {route.takes: {"schema": schema}}}
    return operation


def _name(route: Route) -> str:
    words = re.findall(r"[a-z]+", route.path.removeprefix("/api"))
    return "_".join([route.method.lower(), *words])


def _success(route: Route, status: int) -> Mapping[str, Any]:
    if status in {204, 304}:
        return {"description": "Done." if status == 204 else "Not changed."}
    schema = {} if route.answer is None else {"$ref": _REF.format(model=route.answer.__name__)}
    return {"description": "Well.", "content": {route.gives: {"schema": schema}}}


def _path_parameters(path: str) -> list[Mapping[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(path)
    ]


def _query_parameters(query: type[BaseModel] | None) -> list[Mapping[str, Any]]:
    if query is None:
        return []
    schema = query.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": each}
        for name, each in schema["properties"].items()
    ]
