"""Old versions of the format to the current one, step by step; each step takes plain data one version up."""

from collections.abc import Callable, Mapping
from typing import Any

from graphengine.errors import Problem, WorkflowError, shown
from graphengine.workflow.document import FORMAT, VERSION

Document = dict[str, Any]

MIGRATIONS: Mapping[int, Callable[[Document], Document]] = {}
"""The step from each old version to the next. The first version has none before it."""


def migrate(
    data: Document, steps: Mapping[int, Callable[[Document], Document]] = MIGRATIONS, current: int = VERSION
) -> Document:
    """Return the document in the version ``current``; the given one is left as it was.

    Raises:
        WorkflowError: it is not a workflow of ours, or newer than this program.
    """
    if data.get("format") != FORMAT:
        raise WorkflowError(
            [
                Problem(
                    "malformed_document",
                    f"this is not a workflow: its 'format' is {shown(data.get('format'))}",
                    hint=f'A workflow says "format": "{FORMAT}", "version": {VERSION}.',
                )
            ]
        )
    version = data.get("version")
    if type(version) is not int or version < 1:
        raise WorkflowError([Problem("unsupported_version", f"the version {shown(version)} is not a number from 1")])
    if version > current:
        raise WorkflowError(
            [
                Problem(
                    "unsupported_version",
                    f"the document has version {shown(version)}; this program reads up to {current}",
                    hint="Update graphengine to open it.",
                )
            ]
        )
    while version < current:
        data = {**steps[version](data), "version": version + 1}
        version += 1
    return data
