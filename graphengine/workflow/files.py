"""The files that a document names: where they lie, and what they hold.

A document may say what a model contained when it was made. Then that content is wanted and not the name: it is found
under whatever name the user has it, and where another model bears the name, the one that was meant is taken. Nothing
of this is silent: :func:`notices_of` says what was found, and what is not what it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from graphengine.errors import FileRefused, shown, shown_bytes
from graphengine.files.digest import Digests
from graphengine.files.roots import File, Roots
from graphengine.models.by_content import find_by_content
from graphengine.node.spec import Input
from graphengine.workflow.document import Pin, Workflow
from graphengine.workflow.graph import Graph, called

MODELS: Final = "models"
"""The root under which models lie: what a socket looks up there is a model."""

NoticeCode = Literal["model_found", "model_differs", "value_unsuited"]


def is_model(socket: Input, reference: str) -> bool:
    """Return whether what is named for a socket is a model, and not an input."""
    return MODELS in socket.roots or reference.partition(":")[0] == MODELS


class Lost(FileRefused):
    """There is neither a file of the name nor one of the content that was meant."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the user should know of a workflow that can run.

    ``model_found``: a model was found by its content, under another name. ``model_differs``: of the model that was
    meant there is only the name here, with another content. ``value_unsuited``: a value is not what suits a model.
    ``values`` are what the message is made of, by name, for who writes it in another language.
    """

    code: NoticeCode
    message: str
    node: str
    socket: str
    values: tuple[tuple[str, str], ...] = ()

    def data(self) -> dict[str, Any]:
        """Return what JSON says of it."""
        return {**asdict(self), "values": dict(self.values)}

    def __str__(self) -> str:
        return f"{self.node}.{self.socket}: {self.message} [{self.code}]"


class Files:
    """Finds the files of a document. It reads them, from any thread.

    Args:
        pins: what the document says of the content of models, by the names that it gives.
    """

    def __init__(self, roots: Roots, digests: Digests, pins: Mapping[str, Pin]) -> None:
        self._roots = roots
        self._digests = digests
        self._pins = pins
        self._elsewhere: dict[tuple[str, tuple[str, ...]], File | None] = {}

    def of(self, socket: Input, reference: Any) -> File | None:
        """Return the file that a document names for a socket; None where it names none and need not.

        Raises:
            ValueError: that is no name.
            FileRefused: it is not there, lies outside the roots, or cannot be read.
        """
        if reference is None and not socket.required:
            return None
        if not isinstance(reference, str):
            raise ValueError(f"a file is named by its path, a string; {shown(reference)} was given")  # noqa: TRY004
        pin = self._pins.get(reference)
        try:
            file = self._read(reference, reference, socket.roots)
        except FileRefused as error:
            if pin is None or not error.missing:
                raise
            found = self._find(socket, reference, pin)
            if found is None:
                raise self._lost(reference, pin) from error
            return found
        if pin is None or file.digest == pin.sha256:
            return file
        return self._find(socket, reference, pin) or file

    def _read(self, reference: str, place: str, roots: Sequence[str]) -> File:
        path = self._roots.locate(place, roots)
        try:
            content = self._digests.content(path)
        except OSError as error:
            raise FileRefused(f"{reference!r} cannot be read: {error.strerror}") from error
        return File(reference, path, content.digest, content.nbytes, place if place != reference else "")

    def _find(self, socket: Input, reference: str, pin: Pin) -> File | None:
        """Return the model of a content wherever it lies, once looked for; None where there is none."""
        key = (reference, tuple(socket.roots))
        if key not in self._elsewhere:
            self._elsewhere[key] = next(self._places(socket, reference, pin), None)
        return self._elsewhere[key]

    def _places(self, socket: Input, reference: str, pin: Pin) -> Iterator[File]:
        if not is_model(socket, reference):
            return  # inputs may lie among a whole home folder
        roots = socket.roots if MODELS in socket.roots else (MODELS,)
        folders = {name: self._roots.folders.get(name, ()) for name in roots}
        for place in find_by_content(folders, pin.sha256, pin.bytes, self._digests):
            with suppress(FileRefused):  # it lies behind a link that leads out
                file = self._read(reference, place, socket.roots)
                if file.digest == pin.sha256:  # and not one of the same name in an earlier folder
                    yield file

    def _lost(self, reference: str, pin: Pin) -> Lost:
        size = "" if pin.bytes is None else f", {shown_bytes(pin.bytes)}"
        message = (
            f"there is no file {reference!r}, and none of its content under another name (SHA-256 {pin.sha256}{size})"
        )
        places = [str(each) for each in self._roots.folders.get(MODELS, ())] if self._roots.anywhere else []
        where = places[0] if places else "the models folder"
        return Lost(message, hint=f"Put it into {where}, under any name.", missing=True)


def notices_of(workflow: Workflow, graph: Graph) -> list[Notice]:
    """Return what the user should know of the models of a graph, each once."""
    found: dict[str, Notice] = {}
    for node in called(graph.nodes.values()) if workflow.models else ():
        for socket, file in node.constants.items():
            pin = workflow.models.get(file.reference) if isinstance(file, File) else None
            if pin is not None and file.reference not in found:
                notice = _notice(file, pin, node.name, socket)
                found |= {} if notice is None else {file.reference: notice}
    return list(found.values())


def _notice(file: File, pin: Pin, node: str, socket: str) -> Notice | None:
    if file.digest != pin.sha256:
        now, was = _short(file.digest), _short(pin.sha256)
        message = f"{file.reference!r} is not what the workflow was made with: its content is {now}…, it was {was}…"
        values = (("name", file.reference), ("now", now), ("was", was))
        return Notice("model_differs", message, node, socket, values)
    if file.found:
        message = f"what the workflow calls {file.reference!r} was found by its content: {file.found!r}"
        return Notice("model_found", message, node, socket, (("name", file.reference), ("found", file.found)))
    return None


def _short(digest: str) -> str:
    return digest[:10]
