"""Names of result files: a pattern with fields, made safe for every file system.

``{workflow}``, ``{node}``, ``{run}``, ``{date}`` (2026-05-31), ``{time}`` (14-03-59) and ``{counter}`` (the
first number that is free; ``{counter:05}`` pads it). ``/`` makes folders. A pattern without a counter gets
``_{counter:05}`` at its end, so that nothing is ever overwritten.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath

_FIELD = re.compile(r"\{(\w+)(?::0?(\d{1,2}))?\}")
_UNSAFE = re.compile(r"[^\w\-. ()+,=@]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_PART = 120


class NamePatternError(ValueError):
    """A name pattern with an unknown field, or one that would leave its folder."""


def fields_of(workflow: str, node: str, run: str, now: datetime) -> Mapping[str, str]:
    """Return the fields of a pattern, except the counter."""
    return {
        "workflow": workflow or "workflow",
        "node": node,
        "run": run,
        "date": now.strftime("%Y-%m-%d"),
        "time": now.strftime("%H-%M-%S"),
    }


def candidates(pattern: str, suffix: str, fields: Mapping[str, str], first: int = 1) -> Iterator[str]:
    """Yield relative file names for a pattern, with the counter running from ``first``.

    Raises:
        NamePatternError: the pattern is empty, has an unknown field, is absolute or holds ``..``.
    """
    if not any(name == "counter" for name, _ in _FIELD.findall(pattern)):
        pattern += "_{counter:05}"
    counter = first
    while True:
        yield _expand(pattern, {**fields, "counter": str(counter)}) + suffix
        counter += 1


def _expand(pattern: str, fields: Mapping[str, str]) -> str:
    def field(match: re.Match[str]) -> str:
        name, width = match[1], match[2]
        if name not in fields:
            known = ", ".join(f"{{{each}}}" for each in fields)
            raise NamePatternError(f"the name pattern has no field {match[0]}; it has {known}")
        text = fields[name]
        return text.zfill(int(width)) if width else text.replace("/", "_")

    parts = PurePosixPath(_FIELD.sub(field, pattern)).parts
    if not parts or parts[0] == "/" or ".." in parts:
        raise NamePatternError(f"the name pattern {pattern!r} must stay inside the output folder")
    return "/".join(_safe(part) for part in parts)


def _safe(part: str) -> str:
    part = _UNSAFE.sub("_", part).strip(" .")[:_LONGEST_PART]
    return f"_{part}" if not part or _RESERVED.fullmatch(part) else part
