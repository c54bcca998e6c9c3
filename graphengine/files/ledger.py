"""Hashes of large files on the disk, so that a model of gigabytes is read once and not once per process.

A line for each: a JSON list of path, size, time and hash. Lines are only added, each in one write, so that several
processes may do it; of one path the last counts. Nothing depends on the file: what cannot be read or written is
computed again.
"""

import json
import logging
import re
from pathlib import Path
from typing import Final

from graphengine.files.atomic import write_atomically

Stamp = tuple[str, int, int]
"""A file by its real path, its size in bytes, and when it was changed, in ns of Unix time."""

SPARE: Final = 1_000
"""How many lines that count no more are left before the file is written anew."""

_LOG = logging.getLogger(__name__)
_DIGEST = re.compile(r"[0-9a-f]{64}")


class DigestLedger:
    """The hashes that were kept in a file. It is read when it is first asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, tuple[int, int, str]] | None = None

    def find(self, stamp: Stamp) -> str | None:
        """Return the hash of a file that is still what it was."""
        path, size, time = stamp
        found = self._read().get(path)
        return found[2] if found is not None and found[:2] == (size, time) else None

    def add(self, stamp: Stamp, digest: str) -> None:
        """Keep a hash, if the file can be written."""
        path, size, time = stamp
        self._read()[path] = (size, time, digest)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(_line(path, size, time, digest))
        except OSError as error:
            _LOG.info("the hash of %s is not kept: %s", path, error)

    def _read(self) -> dict[str, tuple[int, int, str]]:
        if self._known is not None:
            return self._known
        known = self._known = {}
        try:
            lines = self._path.read_bytes().splitlines()
        except OSError:
            return known
        for line in filter(None, map(_parsed, lines)):
            known[line[0]] = line[1:]
        if len(lines) > len(known) + SPARE:
            try:
                write_atomically(self._path, b"".join(_line(path, *each) for path, each in known.items()))
            except OSError as error:
                _LOG.info("the hashes of files are not tidied up: %s", error)
        return known


def _line(path: str, size: int, time: int, digest: str) -> bytes:
    return json.dumps([path, size, time, digest]).encode() + b"\n"


def _parsed(line: bytes) -> tuple[str, int, int, str] | None:
    """Return what a line says, or None for one that was damaged."""
    try:
        match json.loads(line):
            case [str(path), int(size), int(time), str(digest)] if _DIGEST.fullmatch(digest):
                return path, size, time, digest
    except ValueError:
        pass
    return None
