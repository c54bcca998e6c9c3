"""Catalogues on the disk: one for each set of packs and options that was asked for, true as long as nothing changed.

A file is a checksum, a line break, and JSON. One that cannot be read, was damaged, or was made of anything else than
what is there now, is none.
"""

import json
import logging
import sys
from contextlib import suppress
from dataclasses import astuple
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import xxhash

from graphengine.files.atomic import atomic_writer
from graphengine.node.catalogue.made_of import state_of
from graphengine.node.catalogue.written import Written
from graphengine.node.pack import PackSource, ServiceOptions

MOST_KEPT: Final = 16
"""How many catalogues a folder holds; what was written longest ago goes first."""

STILL_NS: Final = 2 * 10**9
"""How long, in ns, files must have been as they are before they are read: times of files may be as coarse as this."""

_LOG = logging.getLogger(__name__)


class Kept:
    """The catalogue of one source.

    Args:
        folder: where catalogues are kept.
    """

    def __init__(self, folder: Path, source: PackSource, options: ServiceOptions) -> None:
        asked = repr((astuple(source), astuple(options), sys.path))
        self._file = folder / f"{blake2b(asked.encode('utf-8', 'surrogateescape'), digest_size=16).hexdigest()}.json"

    def find(self) -> Written | None:
        """Return what is kept, if that would come out again."""
        try:
            checksum, _, text = self._file.read_bytes().partition(b"\n")
            if checksum != _checksum(text):
                return None
            content: dict[str, Any] = json.loads(text)
            state = state_of(map(Path, content["trees"]))
        except (OSError, ValueError, KeyError):
            return None
        found: Written = content["registry"]
        return found if state is not None and state.digest == content["state"] else None

    def keep(self, registry: Written, trees: set[Path], began: int) -> None:
        """Keep a catalogue, if it can be known when it is no longer true.

        Args:
            trees: the files and folders of which it was made.
            began: when that began, in ns of Unix time: of files that changed since, or right before, nobody knows
                which state was read.
        """
        try:
            state = state_of(trees)
            if state is None or state.newest > began - STILL_NS:
                return
            content = {"state": state.digest, "trees": sorted(map(str, trees)), "registry": registry}
            text = json.dumps(content).encode()
            with atomic_writer(self._file, durable=False) as file:
                file.write(_checksum(text) + b"\n" + text)
            self._tidy()
        except (OSError, ValueError) as error:
            _LOG.info("the catalogue of the packs is not kept: %s", error)

    def forget(self) -> None:
        """Let it be made anew."""
        with suppress(OSError):
            self._file.unlink()

    def _tidy(self) -> None:
        files = sorted(self._file.parent.glob("*.json"), key=lambda each: each.stat().st_mtime)
        for file in files[:-MOST_KEPT]:
            file.unlink(missing_ok=True)


def _checksum(text: bytes) -> bytes:
    return xxhash.xxh3_64_hexdigest(text).encode()
