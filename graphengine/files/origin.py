"""Where a file comes from, written into the file itself: its workflow, the lock of the run, and which result it is.

The texts stand under keywords, each JSON. They are the same for the same run, so that equal results are equal files.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

WORKFLOW: Final = "graphengine.workflow"
"""The keyword of the document."""

LOCK: Final = "graphengine.lock"
"""The keyword of the lock, which says under ``output`` which of the results of its run the file is."""

KEYWORDS: Final = (WORKFLOW, LOCK)

MAX_TEXT: Final = 64 * 2**20
"""The bytes that a text has at most; whoever reads looks before it reads."""


@dataclass(frozen=True, slots=True)
class Output:
    """Which of the files of a run one is: the task that wrote it, and how many others that task had written before.

    In a loop the name of the task says the turn, such as ``each[3]/save``.
    """

    task: str
    index: int = 0


def joined(texts: Mapping[str, str]) -> bytes:
    """Return texts, by keyword, as the one comment that a file has room for; of none it is empty. It is ASCII."""
    return json.dumps(dict(texts)).encode("ascii") if texts else b""


def texts_in(comment: bytes | str) -> Mapping[str, str]:
    """Return the texts in a comment that holds all of them, by keyword; of any other comment none."""
    if len(comment) > MAX_TEXT:
        return {}
    try:
        return texts_among(json.loads(comment))
    except (ValueError, RecursionError):
        return {}


def texts_among(found: object) -> Mapping[str, str]:
    """Return the texts, by keyword, in what a file holds as JSON; there may be none."""
    pairs = found.items() if isinstance(found, dict) else ()
    return {keyword: text for keyword, text in pairs if keyword in KEYWORDS and isinstance(text, str)}


def texts_of(workflow: Mapping[str, Any], lock: Mapping[str, Any], output: Output) -> Mapping[str, str]:
    """Return what to write into a file, by keyword; no lock where there is none."""
    texts = {WORKFLOW: json.dumps(dict(workflow))}
    return {**texts, LOCK: json.dumps({**lock, "output": asdict(output)})} if lock else texts
