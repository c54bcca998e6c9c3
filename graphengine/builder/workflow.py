"""A workflow while it is written, and its subgraphs."""

import functools
import inspect
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from graphengine.builder.names import base_of
from graphengine.builder.placeholder import Output, Result
from graphengine.builder.refusal import refused
from graphengine.builder.scope import Own, Scope
from graphengine.errors import ProblemCode, WorkflowError
from graphengine.files.atomic import write_atomically
from graphengine.files.digest import Digests
from graphengine.files.roots import Roots
from graphengine.node.recording import recorder
from graphengine.node.registry import Registry
from graphengine.node.spec import MISSING
from graphengine.workflow import document
from graphengine.workflow.parse import workflow_from
from graphengine.workflow.resolve import resolve
from graphengine.workflow.subgraph import PREFIX

P = ParamSpec("P")
R = TypeVar("R")

_ABOUT_FILES: Final[tuple[ProblemCode, ...]] = ("file_not_found", "file_refused")


class Workflow(Scope):
    """A workflow while it is written: inside of ``with``, calling node functions makes its nodes.

    >>> with Workflow(title="A third") as wf:
    ...     wf.output("third", float_arithmetic(wf.input("number", 1.0), 3, "divide"))

    Attributes:
        models: what the models contain that its nodes name, by the names that they give:
            ``{"models:a.safetensors": {"sha256": …, "bytes": …}}``. So each is found wherever it lies.
    """

    def __init__(self, title: str = "", *, description: str = "", own: Own | None = None) -> None:
        super().__init__(title, description, own)
        self.models: dict[str, dict[str, Any]] = {}
        self._subgraphs: dict[str, Subgraph] = {}

    def subgraph(self, name: str, *, title: str = "", description: str = "", own: Own | None = None) -> "Subgraph":
        """Begin a subgraph: a ``with`` block whose nodes are those of the subgraph; then call it, as often as needed.

        Raises:
            WorkflowError: there is a subgraph of that name already.
        """
        if name in self._subgraphs:
            raise refused("malformed_document", f"there is already a subgraph {name!r}")
        self._subgraphs[name] = begun = Subgraph(self, name, title, description, own)
        return begun

    def as_subgraph(
        self, name: str = "", *, title: str = "", description: str = ""
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Make a function of node functions a subgraph, so that each call of it is one node, typed as the function.

        The parameters are its named inputs and defaults; the function is called once. What it returns are its
        outputs: called as they are by the node they come from, or by the fields of a ``NamedTuple``.

        Args:
            name: by default that of the function.
            title: what people read.
            description: what it is for.

        Raises:
            WorkflowError: there is a subgraph of that name, or an output is not the result of a node.
        """

        def define(function: Callable[P, R]) -> Callable[P, R]:
            signature = inspect.signature(function)
            begun = self.subgraph(name or function.__name__, title=title, description=description)
            body: Callable[..., object] = function
            with begun:
                entries = {
                    key: begun.input(key, MISSING if each.default is each.empty else each.default)
                    for key, each in signature.parameters.items()
                }
                for key, result in _named(body(**entries)):
                    begun.output(key, result)

            @functools.wraps(function)
            def call(*args: P.args, **kwargs: P.kwargs) -> Any:
                return begun(**signature.bind(*args, **kwargs).arguments)

            return call

        return define

    def document(self) -> document.Workflow:
        """Return the document, as it is saved, run and sent.

        Raises:
            WorkflowError: its form is wrong: a name that is none, an input that is handed to no node.
        """
        subgraphs = {name: subgraph.written() for name, subgraph in self._subgraphs.items()}
        head = {"format": document.FORMAT, "version": document.VERSION}
        return workflow_from({**self.written(), **head, "subgraphs": subgraphs, "models": self.models})

    def to_json(self) -> dict[str, Any]:
        """Return the document as plain data."""
        return self.document().to_json()

    def save(self, path: str | Path) -> None:
        """Write the document to a file.

        Raises:
            WorkflowError: its form is wrong.
            OSError: the file cannot be written.
        """
        text = json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
        write_atomically(Path(path), f"{text}\n".encode())

    def check(self, registry: Registry) -> None:
        """Prove the workflow against the nodes that there are, but for its files: those the engine looks for.

        Raises:
            WorkflowError: with every problem.
        """
        try:
            resolve(self.document(), registry, Roots({}), Digests())
        except WorkflowError as error:
            problems = [each for each in error.problems if each.code not in _ABOUT_FILES]
            if problems:
                raise WorkflowError(problems) from None


class Subgraph(Scope):
    """A subgraph of a workflow; after its block, calling it with its named inputs makes a node that stands for it."""

    def __init__(self, workflow: Workflow, name: str, title: str, description: str, own: Own | None) -> None:
        super().__init__(title, description, own)
        self.workflow = workflow
        self._name = name

    def __call__(self, /, **inputs: Any) -> Any:
        """Add a node that stands for the subgraph; its outputs are the attributes of the result.

        Raises:
            WorkflowError: the subgraph has no such input, is not ended, or belongs to another workflow.
        """
        taker = recorder()
        scope = taker if isinstance(taker, Scope) else self.workflow
        owner = scope.workflow if isinstance(scope, Subgraph) else scope
        if owner is not self.workflow:
            raise refused("unknown_node_type", f"the subgraph {self._name!r} belongs to another workflow")
        if self._blocks:
            raise refused("cycle", f"the subgraph {self._name!r} contains itself")
        outputs = {name: link.type if isinstance(link, Output) else None for name, (link, _) in self._outputs.items()}
        return scope.add(PREFIX + self._name, base_of(self._name), inputs, dict.fromkeys(self._inputs), outputs)


def _named(result: object) -> Iterable[tuple[str, object]]:
    """Return what a function returned, by the name of each output."""
    if result is None:
        return ()
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return zip(result._fields, result, strict=True)
    if isinstance(result, Result):
        return [(each.name, each) for each in result]
    return [(result.name if isinstance(result, Output) else "value", result)]
