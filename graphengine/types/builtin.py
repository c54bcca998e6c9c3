"""The types that every graph has: numbers, text, switches, choices, seeds and files."""

from pathlib import Path
from typing import Annotated, Any, NewType

from pydantic import Field

from graphengine.files.roots import File
from graphengine.types.codec import Encoded, JsonCodec
from graphengine.types.socket_type import SocketType

Seed = NewType("Seed", int)
"""The seed of a random generator: 0 to 2**64 - 1."""

SEED_RANGE = Field(ge=0, lt=2**64)
SeedValue = Annotated[int, SEED_RANGE]


class FileCodec:
    """Stores a file by reference, path and content hash, not by content."""

    def nbytes(self, value: File) -> int:
        """Return the size of the reference, not of the file."""
        return 128 + len(value.reference)

    def encode(self, value: File) -> Encoded:
        """Keep the reference, the path and the hash."""
        return Encoded({"reference": value.reference, "path": str(value.path), "digest": value.digest})

    def decode(self, encoded: Encoded) -> File:
        """Make the reference again."""
        try:
            meta: Any = encoded.meta
            return File(meta["reference"], Path(meta["path"]), meta["digest"])
        except KeyError as error:
            raise ValueError(f"a file reference was expected: {error} is missing") from error


class Choice(str):
    """One of a fixed set of words; an annotation writes it as ``Literal["a", "b"]``."""

    __slots__ = ()


_JSON = JsonCodec()

INT = SocketType("Int", int, _JSON, "A whole number.", "#7ab8a8", literal=True)
FLOAT = SocketType("Float", float, _JSON, "A number.", "#8fbf7f", literal=True)
STRING = SocketType("String", str, _JSON, "Text.", "#c9b458", literal=True)
BOOL = SocketType("Bool", bool, _JSON, "Yes or no.", "#b98fbf", literal=True)
CHOICE = SocketType("Choice", Choice, _JSON, "One of a fixed set of words.", "#c9a05a", literal=True)
SEED = SocketType("Seed", int, _JSON, "The seed of a random generator.", "#6fa8c9", literal=True)
FILE = SocketType("File", File, FileCodec(), "A file or folder.", "#a8a29a", literal=True, lasting=False)
ANYTHING = SocketType("Any", object, _JSON, "A value of any type.", "#9aa0a6", literal=True)

BUILTIN_TYPES = (INT, FLOAT, STRING, BOOL, CHOICE, SEED, FILE, ANYTHING)
