"""What is remembered of earlier runs of a workflow: enough to say later what changed since then."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

from graphengine.files.roots import File
from graphengine.node.footprint import Footprint
from graphengine.plan.plan import Flow, Opening, Step, Task
from graphengine.workflow.graph import Link

KEPT_LENGTH = 200
"""How many characters of a value are remembered; of a longer one its digest, too."""

Outcome = Literal["finished", "cached", "passed_over", "failed"]

_DIGEST_BYTES = 16
_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Value:
    """A constant in short form.

    Attributes:
        text: the value as JSON, or the beginning of that; for a file its reference.
        digest: of the whole JSON where ``text`` is only its beginning, of the content for a file, else empty.
    """

    text: str
    digest: str = ""
    file: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where a linked input came from, and the fingerprint of that node's result."""

    node: str
    output: str
    fingerprint: str


Given = Value | Source


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a task's result is made of; as the fingerprint knows it, but in words.

    Attributes:
        type: the node's id.
        environment: what the results of its pack depend on beside inputs.
    """

    fingerprint: str
    type: str
    version: int
    environment: str
    inputs: Mapping[str, Given]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a call took of the memory: about the bytes of its ``result``, and what it needed, where that was told."""

    result: int
    footprint: Footprint | None = None

    def over(self, before: "Taken | None") -> "Taken":
        """Return this with what only an earlier call told."""
        if self.footprint is not None or before is None:
            return self
        return Taken(self.result, before.footprint)


@dataclass(frozen=True, slots=True)
class Device:
    """Where models compute: its name, and what memory it has of its own; 0 if it computes in the host's."""

    name: str
    capacity: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """How a node stood when a run last had its result, failed to make it, or could do without it.

    Attributes:
        outcome: what that run did with it; ``passed_over`` if nothing that ran took it.
        seconds: what its last call took, in that run or an earlier one; None if it was never called.
        taken: the same of the memory.
        on_disk: whether its result was on the disk afterwards.
        when: Unix time.
        run: the id of that run.
    """

    made_of: Ingredients
    outcome: Outcome
    seconds: float | None
    on_disk: bool
    when: float
    run: str
    taken: Taken | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of earlier runs.

    Attributes:
        nodes: the records of one workflow, by the names of its nodes.
        typical: seconds that a call takes, by ``id@version`` of the node, from all workflows.
        taken: what calls took of the memory lately, at most, in the same way.
    """

    nodes: Mapping[str, Record] = field(default_factory=dict)
    typical: Mapping[str, float] = field(default_factory=dict)
    taken: Mapping[str, Taken] = field(default_factory=dict)


def ingredients(task: Task, steps: Mapping[str, Step]) -> Ingredients:
    """Return what the result of a task is made of.

    Args:
        steps: among them those that it takes from.
    """
    inputs: dict[str, Given] = {}
    parts: list[tuple[str, Task | Flow]] = [("", task), *((f"{flow.name}.", flow) for flow in task.flows)]
    for prefix, part in parts:
        inputs |= {prefix + name: shortened(value) for name, value in part.constants.items()}
        inputs |= {prefix + name: _source(link, steps) for name, link in part.links.items()}
    return Ingredients(task.fingerprint, task.spec.id, task.spec.version, task.environment, inputs)


def _source(link: Link, steps: Mapping[str, Step]) -> Given:
    node, output = link.source
    step = steps.get(node)
    if step is None:
        return Source(node, output, "")  # it flows within the task, and has no fingerprint there
    if not isinstance(step, Opening):
        return Source(node, output, step.fingerprint)
    if output in step.items and link.item is not None:
        return shortened(step.items[output][link.item])
    whole = step.ports[output]
    return Source(whole.link.source.node, whole.link.source.name, whole.fingerprint)


def shortened(value: Any) -> Value:
    """Return the short form of a constant."""
    if isinstance(value, File):
        return Value(_whole(value.reference)[:KEPT_LENGTH], value.digest, file=True)
    text = _whole(_encode(value))
    if len(text) <= KEPT_LENGTH:
        return Value(text)
    digest = blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return Value(text[:KEPT_LENGTH], digest)


def _whole(text: str) -> str:
    """Return a text without half characters, which could not be written; they are escaped, as JSON does it."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
