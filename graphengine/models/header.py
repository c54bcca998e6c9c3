"""Headers of safetensors files, checked before anything is loaded.

The format, as the safetensors project describes it, is eight bytes with the length of a JSON object, that object
with the type, shape and place of every tensor, and the tensors without gaps. A header that lies about any of it is
refused here, with what is wrong, and not somewhere inside a loader.
"""

import json
import math
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphengine.errors import ModelFault, ModelRefused

_LONGEST = 100_000_000  # bytes of a header; the format's own bound
_ITEM_BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "I8", "U8", "BOOL"), 8),
    **dict.fromkeys(("F4", "U4", "I4"), 4),
}
_UNSAFE = "Only safetensors are loaded: a pickle can run any program. Convert it on a machine you trust."
_DOWNLOAD = "Download the file itself again."
_OTHERS = {
    b"PK\x03\x04": ("a zip archive, as torch.save writes it (a pickle)", _UNSAFE),
    b"GGUF": ("a GGUF file", "Get the model as safetensors."),
    b"version http": ("a Git LFS pointer, not the file it points to", _DOWNLOAD),
    b"<!DOC": ("a web page", _DOWNLOAD),
    b"<html": ("a web page", _DOWNLOAD),
}
_PICKLE_SUFFIXES = {".bin", ".ckpt", ".pkl", ".pt", ".pth"}


@dataclass(frozen=True, slots=True)
class Header:
    """What a safetensors file says about its tensors.

    Attributes:
        shapes: the shape of each tensor by its name.
        formats: how many numbers are in each number format, such as ``F16``.
    """

    shapes: Mapping[str, tuple[int, ...]]
    formats: Mapping[str, int] = field(default_factory=dict)


def read_header(path: Path) -> Header:
    """Read and check the header of ``path``.

    Raises:
        ModelRefused: the file is not safetensors, or its header does not fit the file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(16)
        _refuse_other_formats(path, start)
        length = struct.unpack("<Q", start[:8])[0] if len(start) >= 8 else 0
        if not 2 <= length <= min(_LONGEST, size - 8):
            cut = start[8:9] == b"{" and size - 8 < length <= _LONGEST
            told = f"its header claims {length} bytes of the file's {size}"
            raise _broken(path, told, "truncated" if cut else "broken")
        file.seek(8)
        content = _parse(path, file.read(length))
    content.pop("__metadata__", None)
    places = {name: _place(path, name, entry) for name, entry in content.items()}
    _check_places(path, list(places.values()), size - 8 - length)
    return Header({name: tuple(content[name]["shape"]) for name in places}, _formats(content))


def _formats(content: Mapping[str, Any]) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for entry in content.values():
        counts[entry["dtype"]] += math.prod(entry["shape"])
    return dict(counts)


def _refuse_other_formats(path: Path, start: bytes) -> None:
    for magic, (name, hint) in _OTHERS.items():
        if start.startswith(magic):
            fault: ModelFault = "pickle" if hint is _UNSAFE else "other_format"
            raise ModelRefused(f"{path.name} is {name}", hint=hint, fault=fault)
    pickle = start[:1] == b"\x80" and start[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}
    # the same two bytes can begin a safetensors length; there the header's brace follows at byte 8
    if pickle and start[8:9] != b"{":
        raise ModelRefused(f"{path.name} is a pickle", hint=_UNSAFE, fault="pickle")
    if path.suffix in _PICKLE_SUFFIXES and start[8:9] != b"{":
        raise ModelRefused(f"{path.name} is no safetensors file, by its name a pickle", hint=_UNSAFE, fault="pickle")


def _broken(path: Path, reason: str, fault: ModelFault = "broken") -> ModelRefused:
    told = f"{path.name} is not a sound safetensors file: {reason}"
    return ModelRefused(told, hint="Download it again.", fault=fault)


def _parse(path: Path, text: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            raise ValueError("a name occurs twice")
        return dict(pairs)

    try:
        content = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise _broken(path, f"its header cannot be read ({error})") from error
    if not isinstance(content, dict):
        raise _broken(path, "its header is not an object")
    return content


def _place(path: Path, name: str, entry: Any) -> tuple[int, int]:
    """Return where a tensor begins and ends, if that fits its shape and type."""
    try:
        bits, shape = _ITEM_BITS[entry["dtype"]], entry["shape"]
        begin, end = entry["data_offsets"]
        sound = all(isinstance(n, int) and n >= 0 for n in (*shape, begin, end))
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(path, f"the entry of {name!r} is malformed") from error
    if not sound or (end - begin) * 8 != math.prod(shape) * bits:
        raise _broken(path, f"the shape of {name!r} does not fit its {entry['data_offsets']} bytes")
    return begin, end


def _check_places(path: Path, places: list[tuple[int, int]], size: int) -> None:
    """Refuse tensors that overlap, leave gaps or do not end where the file does."""
    position = 0
    for begin, end in sorted(places):
        if begin != position:
            raise _broken(path, "its tensors overlap or leave gaps")
        position = end
    if position != size:
        fault: ModelFault = "truncated" if size < position else "broken"
        raise _broken(path, f"its tensors take {position} bytes, the file has {size} for them", fault)
