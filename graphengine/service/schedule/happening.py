"""What fires a schedule beside time: a file that appears in a folder, a request from another program."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from pydantic import ConfigDict, JsonValue

from graphengine.errors import Unacceptable
from graphengine.service.job import JsonObject

ROOT: Final = "inputs"
"""The root under which folders are watched."""

MOST_FIELDS: Final = 100

_CLOSED: Final = ConfigDict(strict=True, extra="forbid")
_LONGEST: Final = 1_000
_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Folder:
    """A file that appears in a folder under the inputs, or changes there.

    Names that begin with a dot never count, nor do links.

    Attributes:
        folder: ``inputs:scans``, or ``scans``.
        input: the workflow's input that is given the file's reference.
        pattern: which names count, with the wildcards of a shell.
        seconds: for how long a file must be left alone before it counts; the folder is looked at as often.
        existing: whether files count that were there before the schedule.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    folder: str
    input: str
    pattern: str = "*"
    seconds: int = 2
    existing: bool = False
    kind: Literal["folder"] = "folder"

    def __post_init__(self) -> None:
        if not 1 <= len(self.folder) <= _LONGEST or not 1 <= len(self.pattern) <= _NAME:
            raise Unacceptable(f"a folder has 1 to {_LONGEST:,} characters, and a pattern 1 to {_NAME}")
        root, colon, _ = self.folder.partition(":")
        if colon and root != ROOT:
            raise Unacceptable(f"a watched folder lies under {ROOT!r}, and is called for instance {ROOT}:scans")
        if not 1 <= self.seconds <= 3_600:
            raise Unacceptable("a folder is looked at every second to every hour")
        check_input(self.input)

    @property
    def reference(self) -> str:
        """What a document calls the folder."""
        return self.folder if ":" in self.folder else f"{ROOT}:{self.folder}"


@dataclass(frozen=True, slots=True)
class Hook:
    """A request that knows the schedule's secret.

    Attributes:
        fields: the workflow's inputs that come with a request, and where in its body: a JSON Pointer (RFC 6901),
            such as ``/comment/text``. What is not there keeps the value that the schedule has for it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    fields: Mapping[str, str]
    kind: Literal["webhook"] = "webhook"

    def __post_init__(self) -> None:
        if len(self.fields) > MOST_FIELDS:
            raise Unacceptable(f"at most {MOST_FIELDS} inputs come with a request")
        for name, pointer in self.fields.items():
            check_input(name)
            if len(pointer) > _LONGEST or (pointer and not pointer.startswith("/")):
                raise Unacceptable(f"{pointer[:_NAME]!r} is no JSON Pointer: one begins with '/'")

    def inputs(self, body: JsonValue, known: JsonObject) -> JsonObject:
        """Return the inputs that a body brings, where ``known`` are those of the schedule.

        Raises:
            Unacceptable: one is missing that the schedule has no value for.
        """
        found: dict[str, JsonValue] = {}
        for name, pointer in self.fields.items():
            try:
                found[name] = _at(body, pointer)
            except LookupError:
                if name not in known:
                    raise Unacceptable(f"the body has nothing at {pointer!r}, which the input {name!r} needs") from None
        return found


def check_input(name: str) -> None:
    """Refuse what cannot be the name of an input.

    Raises:
        Unacceptable: it is empty or too long.
    """
    if not 1 <= len(name) <= _NAME:
        raise Unacceptable(f"the name of an input has 1 to {_NAME} characters")


def _at(value: JsonValue, pointer: str) -> JsonValue:
    """Return what a JSON Pointer points at (RFC 6901, 4).

    Raises:
        LookupError: there is nothing.
    """
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value[key]
        elif isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < 10:
            value = value[int(key)]
        else:
            raise LookupError(pointer)
    return value
