"""Short ways to write a workflow in a test, and what it names."""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graphengine.workflow.document import Workflow
from graphengine.workflow.parse import workflow_from

Nodes = dict[str, Any]


def workflow(nodes: Nodes, **rest: Any) -> Workflow:
    """Return a document from its nodes, each written as ``[type, inputs]``."""
    written = {name: {"type": type_, "inputs": inputs} for name, (type_, inputs) in nodes.items()}
    document = {"format": "graphengine.workflow", "version": 1, "nodes": written, **rest}
    return workflow_from(document)


def link(address: str) -> dict[str, str]:
    return {"$link": address}


def model_file(path: Path, numbers: int) -> None:
    """Write a model of so many numbers in half precision; no other has its content."""
    weights_file(path, {"weight": (numbers,)}, path.name.encode())


def weights_file(path: Path, shapes: Mapping[str, tuple[int, ...]], content: bytes = b"") -> None:
    """Write tensors of these shapes in half precision, which begin with ``content`` and are else zero."""
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[:end].ljust(end, b"\0"))


def chain(length: int) -> Workflow:
    """A number, passed on ``length - 1`` times; its last value is the output ``end``."""
    nodes: Nodes = {"n0": ["plain.number", {"value": 1.0}]}
    for index in range(1, length):
        nodes[f"n{index}"] = ["plain.pass", {"value": link(f"n{index - 1}.value")}]
    return workflow(nodes, outputs={"end": {"from": f"n{length - 1}.value"}})


SQUARE: dict[str, Any] = {
    "inputs": {"value": {"to": ["one.a"]}, "plus": {"to": ["one.b"]}},
    "outputs": {"sum": {"from": "two.value"}},
    "nodes": {
        "one": {"type": "plain.add", "inputs": {"a": 0, "b": 1}},
        "two": {"type": "plain.add", "inputs": {"a": link("one.value"), "b": link("one.value")}},
    },
}
"""A subgraph: twice the sum of two numbers."""

GROW: dict[str, Any] = {
    "inputs": {"value": {"to": ["grow.a"]}, "plus": {"to": ["grow.b"]}},
    "outputs": {"value": {"from": "grow.value"}, "again": {"from": "check.value"}, "twice": {"from": "double.value"}},
    "nodes": {
        "grow": {"type": "plain.add", "inputs": {"a": 0, "b": 3}},
        "check": {"type": "plain.below", "inputs": {"value": link("grow.value"), "limit": 10}},
        "double": {"type": "plain.add", "inputs": {"a": link("grow.value"), "b": link("grow.value")}},
    },
}
"""A subgraph to be repeated: a number grows by three while it is below ten."""
