"""A registry and the same written down, side by side: whatever is asked, both say the same."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from graphengine.errors import WorkflowError
from graphengine.files.digest import Digests
from graphengine.files.roots import Roots
from graphengine.node.catalogue.describe import describe
from graphengine.node.catalogue.read import WrittenRegistry
from graphengine.node.catalogue.written import write_registry
from graphengine.node.pack import ServiceOptions
from graphengine.node.registry import Registry
from graphengine.node.spec import Input, NodeSpec, Output
from graphengine.plan.planner import make_plan
from graphengine.types.assign import Conversion
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.document import Workflow
from graphengine.workflow.resolve import resolve

OPTIONS = ServiceOptions(device="cpu")

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**64 - 1, 2**64, 10**400, 0.0, 1.0, -0.0, 0.5, 64, 1e300),
    *(math.inf, math.nan, "", "a", "upper", "euler", "1", "{workflow}", "../up", "{nobody}", "\x00"),
    *([], [1], [1.0, 2], ["a"], [[1], [2]], [[1.5]], {}, {"a": 1}, (1,), b"a", object),
)
"""Values that somebody might give."""


def written(registry: Registry) -> WrittenRegistry:
    """The same registry, as another process has it."""
    return WrittenRegistry(json.loads(json.dumps(write_registry(registry, OPTIONS))))


def differences(live: Registry, data: Registry) -> list[str]:
    """Return where the two disagree about their nodes and types."""
    found = [name for name in {*live.nodes, *data.nodes} if not _agree(live.nodes.get(name), data.nodes.get(name))]
    shown = ("name", "summary", "colour", "literal", "lasting", "weights", "ref")
    for name in {*live.types, *data.types}:
        one, other = live.types.get(name), data.types.get(name)
        found += [f"{name}.{key}" for key in shown if getattr(one, key, 0) != getattr(other, key, 1)]
    refs = [TypeRef(name) for name in live.types]
    refs += [made for ref in refs for made in (ref.listed, ref.flowing)]
    for source in refs:
        for target in refs:
            if plain(live.assignability.fit(source, target)) != plain(data.assignability.fit(source, target)):
                found.append(f"{source} -> {target}")
        if live.assignability.into(source) != data.assignability.into(source):
            found.append(f"into {source}")
    same = live.environments(OPTIONS) == data.environments(OPTIONS) and live.facts(OPTIONS) == data.facts(OPTIONS)
    return found if same and live.roots == data.roots else [*found, "environments, facts or roots"]


def _agree(one: NodeSpec | None, other: NodeSpec | None) -> bool:
    if one is None or other is None or describe(one) != describe(other):
        return False
    if replace(one, injected=()) != replace(other, injected=()):  # whose classes only one of them knows
        return False
    together = one.together and (one.together.over, one.together.limit)
    if together != (other.together and (other.together.over, other.together.limit)):
        return False
    if [each.name for each in one.injected] != [each.name for each in other.injected]:
        return False
    sockets = zip((*one.inputs, *one.outputs), (*other.inputs, *other.outputs), strict=True)
    return all(_answer(a, value) == _answer(b, value) for a, b in sockets for value in ODD)


def _answer(socket: Input | Output, value: Any) -> list[Any]:
    """What a socket makes of a value, or what it says against it."""
    answers = []
    for parse in [socket.parse, *([socket.parse_item] if isinstance(socket, Input) else [])]:
        try:
            parsed = parse(value)
            answers.append((type(parsed), repr(parsed)))
        except ValueError as error:
            answers.append((ValueError, str(error)))
    return answers


def outcome(document: Workflow, registry: Registry, folder: Path, targets: list[str] | None = None) -> Any:
    """What a registry makes of a document: its problems, or its plan."""
    roots = Roots(
        {"inputs": [folder], "models": [folder], "assets": [folder]} | {n: [p] for n, p in registry.roots.items()}
    )
    weights = registry.weights
    try:
        graph = resolve(document, registry, roots, Digests())
        return plain(make_plan(graph, targets, registry.environments(OPTIONS), weights, coalesce=True))
    except WorkflowError as error:
        return [plain(problem) for problem in error.problems]


def plain(thing: Any) -> Any:
    """Return a thing without what only one process has: functions and classes."""
    if isinstance(thing, NodeSpec):
        return thing.key
    if isinstance(thing, Conversion):
        return thing.source, thing.target
    if is_dataclass(thing) and not isinstance(thing, type):
        return {each.name: plain(getattr(thing, each.name)) for each in fields(thing)}
    if isinstance(thing, Mapping):
        return {key: plain(each) for key, each in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(each) for each in thing]
    return sorted(map(repr, thing)) if isinstance(thing, set | frozenset) else thing
