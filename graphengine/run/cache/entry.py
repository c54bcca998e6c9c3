"""One entry of the disk tier: a result as bytes, and back, with every byte of it checked.

::

    magic, version   8 bytes
    seconds          float64, what the result took to compute
    length           uint32, of the header
    checksum         uint64, XXH3 of everything above it and of the header
    header           JSON: the fingerprint; each output's name, type, description and buffers' lengths and checksums
    buffers          raw, one after another, to the end of the file

The entry says whose result it is, so that a file under another's name is found out. Numbers are little-endian.
"""

import json
import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

import numpy as np
import xxhash

from graphengine.types.codec import Buffer, Encoded
from graphengine.types.socket_type import TypeRef

MAGIC = b"GECACHE\x01"  # the last byte is the version
_FACTS = struct.Struct("<8sdI")
_CHECKSUM = struct.Struct("<Q")
PROLOGUE_BYTES = _FACTS.size + _CHECKSUM.size
_CHUNK = 2**20  # is hashed while it is still in the processor's cache


class BadEntry(ValueError):
    """Bytes that are not the whole entry of that fingerprint."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a task, taken apart."""

    name: str
    type: TypeRef
    encoded: Encoded


def pack(fingerprint: str, outputs: Iterable[Output], seconds: float) -> list[Buffer]:
    """Return what to write, in order; the values' buffers are not copied.

    Raises:
        ValueError: a description is not JSON, or would come back as something else.
    """
    listed = list(outputs)
    header = {"fingerprint": fingerprint, "outputs": [_describe(output) for output in listed]}
    text = json.dumps(header, separators=(",", ":"), allow_nan=False)
    if json.loads(text) != header:  # JSON makes lists of tuples, and strings of keys
        raise ValueError("the description of a value is not plain JSON")
    facts = _FACTS.pack(MAGIC, seconds, len(text))
    checksum = _CHECKSUM.pack(xxhash.xxh3_64_intdigest(facts + text.encode()))
    return [facts + checksum + text.encode(), *(buffer for output in listed for buffer in output.encoded.buffers)]


def read(file: BufferedReader, fingerprint: str) -> list[Output]:
    """Read an entry; each buffer becomes writable memory of its own.

    Raises:
        BadEntry: the entry is damaged, another's, or of another version.
        OSError: the file cannot be read.
    """
    _, length, start, checksum = _prologue(file)
    held = os.fstat(file.fileno()).st_size
    text = file.read(min(length, held))  # a damaged length must not ask for gigabytes
    if xxhash.xxh3_64_intdigest(start + text) != checksum:
        raise BadEntry("the header is damaged")
    header: Mapping[str, Any] = json.loads(text)  # is what was written: the checksum says so
    if header["fingerprint"] != fingerprint:
        raise BadEntry("the entry is another's")
    described = header["outputs"]
    size = PROLOGUE_BYTES + length + sum(each["length"] for one in described for each in one["buffers"])
    if held != size:
        raise BadEntry("the file is too short or too long")
    return [_output(file, one) for one in described]


def read_seconds(file: BufferedReader) -> float:
    """Return what the result took to compute, from an entry that need not be whole.

    Raises:
        BadEntry: the file is not an entry.
    """
    return _prologue(file)[0]


def _prologue(file: BufferedReader) -> tuple[float, int, bytes, int]:
    start = file.read(PROLOGUE_BYTES)
    if len(start) != PROLOGUE_BYTES:
        raise BadEntry("the file is too short")
    facts, checksum = start[: _FACTS.size], start[_FACTS.size :]
    magic, seconds, length = _FACTS.unpack(facts)
    if magic != MAGIC:
        raise BadEntry("not an entry, or one of another version")
    return seconds, length, facts, _CHECKSUM.unpack(checksum)[0]


def _describe(output: Output) -> Mapping[str, Any]:
    views = [memoryview(buffer) for buffer in output.encoded.buffers]
    return {
        "name": output.name,
        "type": _names(output.type),
        "meta": output.encoded.meta,
        "buffers": [{"length": view.nbytes, "checksum": xxhash.xxh3_64_intdigest(view)} for view in views],
    }


def _output(file: BufferedReader, described: Mapping[str, Any]) -> Output:
    buffers = tuple(_buffer(file, each["length"], each["checksum"]) for each in described["buffers"])
    return Output(described["name"], _type(described["type"]), Encoded(described["meta"], buffers))


def _buffer(file: BufferedReader, length: int, checksum: int) -> memoryview:
    """Read into fresh memory, which unlike a mapped file stays what it was when it was checked."""
    view = np.empty(length, np.uint8).data  # numpy does not fill it with zeros first
    hasher = xxhash.xxh3_64()
    for begin in range(0, length, _CHUNK):
        chunk = view[begin : begin + _CHUNK]
        if file.readinto(chunk) != len(chunk):
            raise BadEntry("the file became shorter")
        hasher.update(chunk)
    if hasher.intdigest() != checksum:
        raise BadEntry("a value is damaged")
    return view


def _names(type_: TypeRef) -> list[str]:
    return [type_.name] if type_.item is None else [type_.name, *_names(type_.item)]


def _type(names: Sequence[str]) -> TypeRef:
    return TypeRef(names[0], _type(names[1:]) if names[1:] else None)
