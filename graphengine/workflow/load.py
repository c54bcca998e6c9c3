"""A workflow from a file: JSON, or a PNG picture that carries one."""

from pathlib import Path

from graphengine.errors import Problem, WorkflowError
from graphengine.files.picture import SIGNATURE, workflow_text
from graphengine.workflow.document import Workflow
from graphengine.workflow.parse import MAX_BYTES, parse_workflow


def load_workflow(path: Path) -> Workflow:
    """Return the workflow in a file, whatever its suffix; a PNG file is known by its content.

    Raises:
        WorkflowError: the file is not there or cannot be read, carries no workflow, or not a well-formed one.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if not content.startswith(SIGNATURE):
            return parse_workflow(content)
        text = workflow_text(path)
    except OSError as error:
        raise WorkflowError([Problem("file_not_found", _reason(path, error))]) from None
    if text is None:
        hint = "Pictures that graphengine saves carry one, unless another program rewrote them."
        raise WorkflowError([Problem("malformed_document", f"{path} carries no workflow", hint=hint)])
    return parse_workflow(text)


def _reason(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no file {path}"
    return f"{path} cannot be read: {error.strerror or error}"
