"""A workflow from a file: JSON, or a picture, a video or a body that carries one."""

from pathlib import Path

from graphengine.errors import Problem, WorkflowError
from graphengine.files.carried import reader_for
from graphengine.files.origin import WORKFLOW
from graphengine.workflow.document import Workflow
from graphengine.workflow.parse import MAX_BYTES, parse_workflow


def load_workflow(path: Path) -> Workflow:
    """Return the workflow in a file, whatever its suffix; what is no JSON is known by its content.

    Raises:
        WorkflowError: the file is not there or cannot be read, carries no workflow, or not a well-formed one.
    """
    content = _content(path)
    reader = reader_for(content[:16])
    if reader is None:
        return parse_workflow(content)
    try:
        text = reader(path).get(WORKFLOW)
    except OSError as error:
        raise WorkflowError([Problem("malformed_document", str(error))]) from None
    if text is None:
        hint = "Files that graphengine saves carry one, unless another program rewrote them."
        raise WorkflowError([Problem("malformed_document", f"{path} carries no workflow", hint=hint)])
    return parse_workflow(text)


def _content(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():  # opening a pipe or a device could wait for ever
            raise WorkflowError([Problem("file_refused", f"{path} cannot be read: it is not a file")])
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise WorkflowError([Problem("file_not_found", _reason(path, error))]) from None


def _reason(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no file {path}"
    return f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
