"""What a binary glTF says of its origin: the extras of its asset (glTF 2.0, sections 4.4 and 5.9)."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from graphengine.files.origin import MAX_TEXT, texts_among

MAGIC: Final = b"glTF"

_HEAD: Final = struct.Struct("<4sII")
_CHUNK: Final = struct.Struct("<I4s")
_JSON: Final = b"JSON"
_START: Final = _HEAD.size + _CHUNK.size


def glb_with(content: bytes, texts: Mapping[str, str]) -> bytes:
    """Return a binary glTF with texts, by keyword, among the extras of its asset.

    Raises:
        ValueError: the content is something else.
    """
    document, end = _document(content)
    asset = document.setdefault("asset", {"version": "2.0"})
    asset["extras"] = {**asset.get("extras", {}), **texts}
    written = json.dumps(document, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 4)
    rest = content[end:]
    head = _HEAD.pack(MAGIC, 2, _START + len(written) + len(rest))
    return head + _CHUNK.pack(len(written), _JSON) + written + rest


def glb_texts(path: Path) -> Mapping[str, str]:
    """Return the texts in a binary glTF, by keyword; what it shows is not looked at.

    Raises:
        OSError: it cannot be read, or is broken.
    """
    with path.open("rb") as file:
        head = file.read(_START)
        length = _CHUNK.unpack_from(head, _HEAD.size)[0] if len(head) == _START else 0
        if length > MAX_TEXT:
            return {}
        content = head + file.read(length)
    try:
        document, _ = _document(content)
        extras = document["asset"]["extras"]
    except (KeyError, TypeError):
        return {}
    except (ValueError, RecursionError) as error:
        raise OSError(f"{path} is not a whole GLB file: {error}") from error
    return texts_among(extras)


def glb_shown(content: bytes) -> tuple[Any, bytes]:
    """Return what a binary glTF shows: its document without extras of the asset, and all that follows.

    Raises:
        ValueError: the content is something else.
    """
    document, end = _document(content)
    document.get("asset", {}).pop("extras", None)
    return document, content[end:]


def _document(content: bytes) -> tuple[dict[str, Any], int]:
    """Return the document, and where it ends."""
    if len(content) < _START or content[:4] != MAGIC:
        raise ValueError("it does not begin like one")
    length, kind = _CHUNK.unpack_from(content, _HEAD.size)
    end = _START + length
    if kind != _JSON or len(content) < end:
        raise ValueError("it is cut off")
    match json.loads(content[_START:end]):
        case dict(document):
            return document, end
        case _:
            raise ValueError("its document is no object")
