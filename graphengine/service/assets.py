"""Files by content: what was uploaded, and what jobs have made, each once under the SHA-256 of its bytes."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from graphengine.errors import NotFound
from graphengine.files.atomic import SUFFIX, atomic_writer
from graphengine.files.uses import Uses

DIGEST: Final = re.compile(r"[0-9a-f]{64}")

_CHUNK = 2**20


class Assets:
    """A folder of files that are never changed; a document names one as ``assets:<digest>``.

    Methods touch the disk: call them in a thread.

    Args:
        uses: notes which files were used lately; whoever looks for files of the folder elsewhere shares it.
    """

    def __init__(self, folder: Path, uses: Uses | None = None) -> None:
        self.folder = folder
        self.uses = Uses() if uses is None else uses

    def path(self, digest: str) -> Path:
        """Return where a file lies.

        Raises:
            NotFound: there is none of that digest.
        """
        path = self.folder / digest
        if not DIGEST.fullmatch(digest) or not path.is_file():
            raise NotFound("there is no file of that digest")
        return path

    def has(self, digest: str) -> bool:
        """Return whether a file is there."""
        return DIGEST.fullmatch(digest) is not None and (self.folder / digest).is_file()

    def adopt(self, path: Path, digest: str) -> int:
        """Take a file in that a job has written, and return its size; it takes no room of its own where links work.

        Raises:
            OSError: it is gone, or there is no room.
        """
        target = self.folder / digest
        self.uses.note(digest)
        if not target.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, target)
            except FileExistsError:
                pass
            except OSError:  # another file system, or one without links
                with path.open("rb") as source, atomic_writer(target) as copy:
                    shutil.copyfileobj(source, copy, _CHUNK)
        return target.stat().st_size

    def remove(self, digest: str) -> bool:
        """Remove a file unless it was used lately; return whether that was done."""
        aside = self.folder / f".{digest}{SUFFIX}"
        try:
            done = self.uses.unless_used(digest, partial(os.replace, self.folder / digest, aside))
        except OSError:
            return False
        aside.unlink(missing_ok=True)  # it may be large, and nobody waits for this
        return done

    @contextmanager
    def upload(self) -> Iterator["Upload"]:
        """Take bytes in; they become a file when :meth:`Upload.keep` is called, else nothing is left of them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        upload = Upload(self.folder, self.uses)
        try:
            yield upload
        finally:
            upload.close()


class Upload:
    """A file that is being received."""

    def __init__(self, folder: Path, uses: Uses) -> None:
        self._folder = folder
        self._uses = uses
        self._hash = hashlib.sha256()
        self._path = folder / f".{os.urandom(8).hex()}.part"
        self._file: BinaryIO = self._path.open("xb")
        self.nbytes = 0

    @property
    def digest(self) -> str:
        """The digest of what has come so far."""
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Take a chunk in."""
        self._file.write(chunk)
        self._hash.update(chunk)
        self.nbytes += len(chunk)

    def settled(self) -> Path:
        """Return where what has come so far can be read, until this is closed."""
        self._file.flush()
        return self._path

    def keep(self) -> bool:
        """Let the file be there, whole and synced, and return whether it is new."""
        self._file.flush()
        os.fsync(self._file.fileno())
        target = self._folder / self.digest
        self._uses.note(self.digest)
        is_new = not target.exists()
        self._path.chmod(0o644)
        self._path.replace(target)
        return is_new

    def close(self) -> None:
        """Remove what was not kept."""
        self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
