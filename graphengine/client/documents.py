"""Workflows in every form in which somebody may have one."""

import asyncio
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from graphengine.workflow.load import load_workflow


class Written(Protocol):
    """A workflow in Python: a document, or what the builder makes."""

    def to_json(self) -> dict[str, Any]:
        """Return the document as plain data."""
        ...


class Saved(NamedTuple):
    """A workflow that the service has, by its name; without a version the newest."""

    name: str
    version: int | None = None


AnyWorkflow = Mapping[str, Any] | Written | Saved | str | PathLike[str]
"""A document, what makes one, the path of a file that holds one, or the name of one that is saved."""


async def document_or_name(workflow: AnyWorkflow) -> dict[str, Any] | str:
    """Return a document, or the name of a saved workflow whose newest version is meant.

    Raises:
        ValueError: a version is named.
        WorkflowError: a file is not there, or holds no workflow.
    """
    if isinstance(workflow, Saved):
        if workflow.version is not None:
            raise ValueError("of a saved workflow the newest version is run: leave the version out")
        return workflow.name
    document: dict[str, Any] = (await named(workflow))["workflow"]
    return document


async def named(workflow: AnyWorkflow) -> dict[str, Any]:
    """Return the fields of a submission that say which workflow it is about.

    Raises:
        WorkflowError: a file is not there, or holds no workflow.
    """
    match workflow:
        case Saved():
            return {"saved": workflow.name, "version": workflow.version}
        case str() | PathLike():
            loaded = await asyncio.to_thread(load_workflow, Path(workflow))
            return {"workflow": loaded.to_json()}
        case Mapping():
            return {"workflow": dict(workflow)}
        case _:
            return {"workflow": workflow.to_json()}
