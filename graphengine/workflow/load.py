"""A workflow from a file: JSON, or a result that carries one."""

import codecs
import re
from pathlib import Path
from typing import Final

from graphengine.errors import Problem, WorkflowError
from graphengine.files.carried import carried_texts
from graphengine.files.origin import WORKFLOW
from graphengine.workflow.document import Workflow
from graphengine.workflow.parse import MAX_BYTES, parse_workflow

_BEGINNING: Final = 64  # bytes
_JSON: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"{")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def load_workflow(path: Path) -> Workflow:
    """Return the workflow in a file, whatever its suffix: what is no text must carry one.

    Raises:
        WorkflowError: the file is not there or cannot be read, carries no workflow, or not a well-formed one.
    """
    content = _content(path)
    if content is not None:
        return parse_workflow(content)
    try:
        text = carried_texts(path).get(WORKFLOW)
    except OSError as error:
        raise WorkflowError([Problem("malformed_document", str(error))]) from None
    if text is None:
        hint = "Files that graphengine saves carry one, unless another program rewrote them."
        raise WorkflowError([Problem("malformed_document", f"{path} carries no workflow", hint=hint)])
    return parse_workflow(text)


def _is_text(beginning: bytes) -> bool:
    """Return whether a file that begins so is text, in any encoding that JSON may have; else it is of another kind."""
    begin = beginning[:_BEGINNING]
    return begin.replace(b"\0", b"").startswith(_JSON) or _CONTROL.search(begin) is None


def _content(path: Path) -> bytes | None:
    """Return what is in a file, or None where that is no text."""
    try:
        if path.exists() and not path.is_file():  # opening a pipe or a device could wait for ever
            raise WorkflowError([Problem("file_refused", f"{path} cannot be read: it is not a file")])
        with path.open("rb") as file:
            begin = file.read(_BEGINNING)
            return begin + file.read(MAX_BYTES + 1 - len(begin)) if _is_text(begin) else None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise WorkflowError([Problem("file_not_found", _reason(path, error))]) from None


def _reason(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no file {path}"
    return f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
