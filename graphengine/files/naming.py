"""Names of result files: a pattern with fields, made safe for every file system.

``{workflow}``, ``{node}``, ``{run}``, ``{date}`` (2026-05-31), ``{time}`` (14-03-59) and ``{counter}`` (the
first number that is free; ``{counter:05}`` pads it). ``/`` makes folders. A pattern without a counter gets
``_{counter:05}`` at its end, so that nothing is ever overwritten.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath

_FIELD = re.compile(r"\{(\w+)(?::0?\d{1,2})?\}")
_COUNTER = re.compile(r"\{counter(?::0?(\d{1,2}))?\}")
_UNSAFE = re.compile(r"[^\w\-. ()+,=@]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_PART = 180  # bytes, counters and suffix not counted: file systems take 255, and a temporary name needs some


class NamePatternError(ValueError):
    """A name pattern with an unknown field, or one that would leave its folder."""


FIELDS = ("workflow", "node", "run", "date", "time")


def fields_of(workflow: str, node: str, run: str, now: datetime) -> Mapping[str, str]:
    """Return the ``FIELDS`` of a pattern: all but the counter."""
    texts = (workflow or "workflow", node, run, now.strftime("%Y-%m-%d"), now.strftime("%H-%M-%S"))
    return dict(zip(FIELDS, texts, strict=True))


def candidates(pattern: str, suffix: str, fields: Mapping[str, str], first: int = 1) -> Iterator[str]:
    """Yield relative file names for a pattern, all different, with the counter running from ``first``.

    What is too long for a file system is shortened; the counter never is.

    Raises:
        NamePatternError: the pattern has an unknown field, is absolute or holds ``..``.
    """
    if not _COUNTER.search(pattern):
        pattern += "_{counter:05}"
    parts = PurePosixPath(pattern).parts
    if parts[0] == "/" or ".." in parts:
        raise NamePatternError(f"the name pattern {pattern!r} must stay inside the output folder")
    templates = [_template(part, fields) for part in parts]
    for counter in itertools.count(first):
        yield "/".join(_filled(template, counter) for template in templates) + suffix


def check_pattern(pattern: str) -> str:
    """Return the pattern, if it is one: for the sockets of nodes that save, so that a wrong one is found before a run.

    Raises:
        NamePatternError: see :func:`candidates`.
    """
    next(candidates(pattern, "", dict.fromkeys(FIELDS, "x")))
    return pattern


Template = tuple[list[str], list[int]]
"""The texts of a part of a name, and between them the widths of its counters."""


def _template(part: str, fields: Mapping[str, str]) -> Template:
    pieces = _COUNTER.split(part)
    texts = [_UNSAFE.sub("_", _expand(piece, fields)) for piece in pieces[::2]]
    room = _LONGEST_PART // len(texts)
    return [_shortened(text, room) for text in texts], [int(width or 0) for width in pieces[1::2]]


def _expand(text: str, fields: Mapping[str, str]) -> str:
    def field(match: re.Match[str]) -> str:
        if match[1] not in fields:
            known = ", ".join(f"{{{each}}}" for each in (*fields, "counter"))
            raise NamePatternError(f"the name pattern has no field {match[0]}; it has {known}")
        return fields[match[1]]

    return _FIELD.sub(field, text)


def _shortened(text: str, room: int) -> str:
    """Cut a text to ``room`` bytes of UTF-8, between characters."""
    return text.encode()[:room].decode(errors="ignore")


def _filled(template: Template, counter: int) -> str:
    texts, widths = template
    numbers = [str(counter).zfill(width) for width in widths]
    part = "".join(itertools.chain(*itertools.zip_longest(texts, numbers, fillvalue=""))).strip(" .")
    return f"_{part}" if not part or _RESERVED.fullmatch(part) else part
