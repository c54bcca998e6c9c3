"""The problems of one document, as they are found."""

from collections.abc import Callable
from dataclasses import replace

from graphengine.errors import Problem, ProblemCode

MAX_HINTS = 50
"""Looking for what somebody may have meant takes time; who reads the first hints finds the rest."""


Finding = tuple[Problem, Callable[[], str] | None]


class Findings:
    """Collects problems. Hints are made at the end, when everything is known, and only for the first problems."""

    def __init__(self, found: list[Finding] | None = None, prefix: str = "") -> None:
        self._found: list[Finding] = [] if found is None else found
        self._prefix = prefix

    def within(self, prefix: str) -> "Findings":
        """Return findings that are noted here, of nodes whose names stand after ``prefix``."""
        return Findings(self._found, self._prefix + prefix)

    def add(
        self,
        code: ProblemCode,
        message: str,
        node: str | None = None,
        socket: str | None = None,
        hint: Callable[[], str] | None = None,
        **values: str,
    ) -> None:
        """Note a problem, how to find its hint, and what its message is made of where its code says the rest."""
        place = node if node is None else self._prefix + node
        self._found.append((Problem(code, message, place, socket, values=(*values.items(),)), hint))

    def problems(self) -> list[Problem]:
        """Return the problems in the order in which they were found."""
        hinted = [
            problem if hint is None else replace(problem, hint=hint()) for problem, hint in self._found[:MAX_HINTS]
        ]
        return hinted + [problem for problem, _ in self._found[MAX_HINTS:]]
