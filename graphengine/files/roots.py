"""The one path resolver: what a document calls a file, and where that may lie.

A reference is ``root:relative/path`` for a declared root, or a plain path, which is looked up under the
roots that the socket names (``models``, ``inputs`` …) in their order. Nothing outside a root is ever
reached — not by ``..``, not by an absolute path, not through a symbolic link — unless the owner of the
machine opened it (``anywhere=True``: the command line does, a server does not).
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from graphengine.errors import FileRefused


@dataclass(frozen=True, slots=True)
class File:
    """A file or folder that exists: its reference as written, its path, and the hash of its content.

    ``digest`` is the SHA-256 of the content in hex (of a folder: of its files' names and hashes). Two files
    are equal when their content is.
    """

    reference: str
    path: Path
    digest: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@dataclass(frozen=True)
class Roots:
    """The declared roots: a name and the folders it stands for, searched in order."""

    folders: Mapping[str, Sequence[Path]]
    anywhere: bool = False

    def locate(self, reference: str, search: Sequence[str]) -> Path:
        """Return the existing path that ``reference`` names.

        Args:
            reference: ``root:path`` or a plain path, with ``/`` between its parts.
            search: the roots in which a plain path is looked up.

        Raises:
            FileRefused: nothing lies there (``missing``), or it lies outside the roots.
        """
        if not reference or "\0" in reference:
            raise FileRefused("the file reference is empty or holds a null character")
        root, colon, rest = reference.partition(":")
        if colon and root in self.folders:
            return self._inside((root,), rest, reference)
        if self.anywhere:
            path = Path(reference).expanduser()
            if path.is_absolute() and path.exists():
                return path
        return self._inside(search, reference, reference)

    def _inside(self, names: Sequence[str], relative: str, reference: str) -> Path:
        parts = PurePosixPath(relative)
        if parts.is_absolute() and self.anywhere:
            raise FileRefused(f"there is no file {reference!r}", missing=True)
        if parts.is_absolute() or ".." in parts.parts or "\\" in relative:
            roots = ", ".join(f"'{name}'" for name in names)
            raise FileRefused(
                f"{reference!r} lies outside the declared roots",
                hint=f"Name a file by its path inside {roots}.",
            )
        for folder in self._folders(names):
            path = folder / parts
            if path.exists() and (self.anywhere or path.resolve().is_relative_to(folder.resolve())):
                return path
        raise FileRefused(f"there is no file {reference!r}", hint=self._suggestion(names, relative), missing=True)

    def _folders(self, names: Sequence[str]) -> Iterator[Path]:
        for name in names:
            yield from self.folders.get(name, ())

    def _suggestion(self, names: Sequence[str], relative: str) -> str:
        entries = [e.name for folder in self._folders(names) if folder.is_dir() for e in folder.iterdir()]
        close = difflib.get_close_matches(relative, entries, n=1)
        if close:
            return f"Did you mean {close[0]!r}?"
        places = ", ".join(str(folder) for folder in self._folders(names))
        return f"Looked in {places}." if places else "No folder is declared for files of this kind."
