"""The one path resolver: what a document calls a file, and where that may lie.

A reference is ``root:relative/path`` for a declared root, or a plain path, which is looked up under the
roots that the socket names (``models``, ``inputs`` …) in their order. Nothing outside a root is ever
reached — not by ``..``, not by an absolute path, not through a symbolic link — unless the owner of the
machine opened it (``anywhere=True``: the command line does, a server does not). Then a plain path that is
not under the roots is looked up as a shell would: from the current folder.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from graphengine.errors import FileRefused
from graphengine.files.uses import Uses


@dataclass(frozen=True, slots=True)
class File:
    """A file or folder that exists: its reference as written, its path, and the hash of its content.

    ``digest`` is the SHA-256 of the content in hex (of a folder: of its files' names and hashes). Two files
    are equal when their content is. ``nbytes`` is its size, where somebody has told it; ``found`` is the
    reference under which it lies, where that is another than the one that was written.
    """

    reference: str
    path: Path
    digest: str
    nbytes: int = 0
    found: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, File) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@dataclass(frozen=True)
class Roots:
    """The declared roots: a name and the folders it stands for, searched in order.

    Args:
        uses: is told the name of each file that is looked for under a root, before it is.
    """

    folders: Mapping[str, Sequence[Path]]
    anywhere: bool = False
    uses: Uses = field(default_factory=Uses, compare=False)

    def locate(self, reference: str, search: Sequence[str]) -> Path:
        """Return the existing path that ``reference`` names.

        Args:
            reference: ``root:path`` or a plain path, with ``/`` between its parts.
            search: the roots in which a plain path is looked up.

        Raises:
            FileRefused: nothing lies there (``missing``), it lies outside the roots, or is no file or folder.
        """
        if not reference or "\0" in reference:
            raise FileRefused("the file reference is empty or holds a null character")
        root, colon, rest = reference.partition(":")
        if colon and root in self.folders:
            return self._inside((root,), rest, reference)
        return self._anywhere(search, reference) if self.anywhere else self._inside(search, reference, reference)

    def _anywhere(self, names: Sequence[str], reference: str) -> Path:
        """Look under the roots, then where a shell would: an absolute path, or one from the current folder."""
        plain = _expanded(reference)
        inside = () if plain.is_absolute() or ".." in plain.parts else self._folders(names)
        for path in (*(folder / plain for folder in inside), plain.absolute()):
            if _exists(path):
                return _usable(path, reference)
        raise FileRefused(f"there is no file {reference!r}", hint=self._suggestion(names, reference), missing=True)

    def _inside(self, names: Sequence[str], relative: str, reference: str) -> Path:
        parts = PurePosixPath(relative)
        if parts.is_absolute() or ".." in parts.parts or "\\" in relative:
            roots = ", ".join(f"'{name}'" for name in names)
            raise FileRefused(
                f"{reference!r} lies outside the declared roots",
                hint=f"Name a file by its path inside {roots}.",
            )
        self.uses.note(parts.name)
        for folder in self._folders(names):
            path = folder / parts
            if _exists(path) and (self.anywhere or path.resolve().is_relative_to(folder.resolve())):
                return _usable(path, reference)
        raise FileRefused(f"there is no file {reference!r}", hint=self._suggestion(names, relative), missing=True)

    def _folders(self, names: Sequence[str]) -> Iterator[Path]:
        for name in names:
            yield from self.folders.get(name, ())

    def _suggestion(self, names: Sequence[str], relative: str) -> str:
        entries = [e.name for folder in self._folders(names) if folder.is_dir() for e in folder.iterdir()]
        close = difflib.get_close_matches(relative, entries, n=1)
        if close:
            return f"Did you mean {close[0]!r}?"
        if not self.anywhere:  # whoever may not name any file need not know where the roots lie
            return f"Looked in the folders of {', '.join(names)}."
        places = ", ".join(str(folder) for folder in self._folders(names))
        return f"Looked in {places}." if places else "No folder is declared for files of this kind."


def _expanded(reference: str) -> Path:
    try:
        return Path(reference).expanduser()
    except RuntimeError:  # ``~name`` of nobody
        return Path(reference)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False


def _usable(path: Path, reference: str) -> Path:
    """Refuse devices, pipes and sockets: reading one may never end."""
    if path.is_file() or path.is_dir():
        return path
    raise FileRefused(f"{reference!r} is neither a file nor a folder")
