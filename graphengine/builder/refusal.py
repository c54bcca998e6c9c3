"""What is refused while a workflow is written: the same problems as those of a document, raised where they are made."""

from graphengine.errors import Problem, ProblemCode, WorkflowError


def refused(
    code: ProblemCode, message: str, node: str | None = None, socket: str | None = None, hint: str = ""
) -> WorkflowError:
    """Return the error that holds one problem."""
    return WorkflowError([Problem(code, message, node, socket, hint)])
