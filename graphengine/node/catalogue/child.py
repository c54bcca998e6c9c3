"""The process that loads packs to write their catalogue: each by itself, so that it is known which one is at fault."""

import json
import os
import pickle
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final

from graphengine.errors import PackError
from graphengine.node.catalogue.made_of import trees_of
from graphengine.node.catalogue.written import write_registry
from graphengine.node.pack import Candidate, Pack, PackSource, ServiceOptions
from graphengine.node.registry import Registry

LENGTH: Final = struct.Struct(">I")
"""What stands before the pickle of the source and the options."""

Say = Callable[[dict[str, Any]], None]
Loaded = list[tuple[str, Pack]]


def main(descriptor: int) -> None:
    """Read a source and options from a socket, and say the catalogue there, a JSON object in each line.

    Before a pack is loaded: ``{"loading": key}``. Of one that cannot be: ``{"fault": {…}}``. At the end
    ``{"registry": {…}, "trees": […]}``.
    """
    channel = socket.socket(fileno=descriptor)
    source, options = _asked(channel)
    threading.Thread(target=_end_with, args=(channel,), daemon=True).start()

    def say(message: dict[str, Any]) -> None:
        channel.sendall(json.dumps(message).encode() + b"\n")

    loaded = _load(source.candidates(), say)
    say({"loading": ""})
    registry = _registry(loaded, say)
    trees = trees_of(dict(sys.modules), (pack.package for pack in registry.packs), source.folder)
    say({"registry": write_registry(registry, options), "trees": sorted(map(str, trees))})


def _asked(channel: socket.socket) -> tuple[PackSource, ServiceOptions]:
    with channel.makefile("rb") as file:
        (length,) = LENGTH.unpack(file.read(LENGTH.size))
        source, options = pickle.loads(file.read(length))  # noqa: S301 - from the process that started this one
    return source, options


def _end_with(channel: socket.socket) -> None:
    """End this process when the one that started it hangs up or is gone, whatever a pack does meanwhile."""
    channel.recv(1)
    os._exit(0)


def _load(candidates: Iterable[Candidate], say: Say) -> Loaded:
    loaded: Loaded = []
    for candidate in candidates:
        say({"loading": candidate.key})
        try:
            pack = candidate.load()
            for _ in pack.specs():
                pass
        except PackError as error:
            say(_fault(candidate.key, error))
        else:
            loaded.append((candidate.key, pack))
    return loaded


def _registry(loaded: Loaded, say: Say) -> Registry:
    """Return the registry of the packs that go together; of two that do not, the first stays."""
    try:
        return Registry(pack for _, pack in loaded)
    except PackError:
        pass
    good: list[Pack] = []
    for key, pack in loaded:
        try:
            Registry((*good, pack))
        except PackError as error:
            say(_fault(key, error))
        else:
            good.append(pack)
    return Registry(good)


def _fault(key: str, error: PackError) -> dict[str, Any]:
    cause = error if error.__cause__ is None else error.__cause__
    return {"fault": {"pack": key, "message": str(error), "reason": type(cause).__name__}}
