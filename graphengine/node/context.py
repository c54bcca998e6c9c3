"""What a node may ask of the engine while it runs, and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from graphengine.files.roots import File


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The run that a call belongs to.

    Attributes:
        workflow: the document as it was submitted, with what its models contain.
        lock: what else makes its results, see :mod:`graphengine.plan.lock`.
    """

    id: str
    title: str
    workflow: Mapping[str, Any]
    lock: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """A small encoded picture of work in progress."""

    media_type: str
    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which attempt at its task a call is. A node asks for it with a keyword-only ``attempt: Attempt``.

    It may change how a result is made and never what it is: results of all attempts are cached alike.

    Attributes:
        number: how many calls have failed before.
        smaller: how many of them because there was no room; each asks for about half the working set of the one
            before, such as smaller tiles or a smaller batch.
    """

    number: int = 0
    smaller: int = 0


FIRST = Attempt()
"""The first attempt."""


class Context(Protocol):
    """The engine as one call sees it. A node asks for it with a keyword-only ``context: Context``."""

    @property
    def run(self) -> RunInfo:
        """The run this call belongs to."""
        ...

    @property
    def node(self) -> str:
        """The name of the node in the workflow."""
        ...

    def check(self) -> None:
        """Return at once, unless the run was cancelled.

        Raises:
            Cancelled: call this where work can stop; let it through.
        """
        ...

    def progress(self, step: int, total: int, message: str = "") -> None:
        """Report that ``step`` of ``total`` steps are done; also a :meth:`check`.

        Raises:
            Cancelled: the run was cancelled.
        """
        ...

    def preview(self, make: Callable[[], Preview]) -> None:
        """Offer a picture of work in progress; ``make`` is called only when somebody looks."""
        ...

    def span(self, name: str) -> AbstractContextManager[None]:
        """Name a part of the call, such as ``load``: timelines show it inside the call, and parts inside parts."""
        ...

    def origin(self) -> Mapping[str, str]:
        """Return what to write into the next file that is saved, by keyword, so that it can be made again.

        It is the workflow, its lock, and which of the run's files it is; the same for the same run, byte for byte.
        See :mod:`graphengine.files.origin`.
        """
        ...

    def save(self, pattern: str, suffix: str, content: bytes | Path, media_type: str) -> File:
        """Write a result into the run's output folder, whole or not at all, under a name not yet taken.

        Args:
            pattern: the name without its suffix, see :mod:`graphengine.files.naming`; may name folders.
            suffix: with its dot, such as ``.png``.
            content: the bytes of the file; or a file that holds them and stays, for what is larger than memory.
            media_type: such as ``image/png``.

        Raises:
            NodeError: the pattern is wrong.
            OSError: the folder cannot be written.
        """
        ...


class SharedContext(Protocol):
    """The engine as several calls that are made together see it; what it is told, it tells all of them."""

    @property
    def calls(self) -> Sequence[Context]:
        """The context of each call, for what is not common to all."""
        ...

    def check(self) -> None:
        """Return at once, unless the runs of all calls were cancelled.

        Raises:
            Cancelled: call this where work can stop; let it through.
        """
        ...

    def progress(self, step: int, total: int, message: str = "") -> None:
        """Report that ``step`` of ``total`` steps are done; also a :meth:`check`.

        Raises:
            Cancelled: the runs of all calls were cancelled.
        """
        ...

    def preview(self, make: Callable[[], Preview]) -> None:
        """Offer one picture of the work in progress to all; ``make`` is called only when somebody looks."""
        ...
