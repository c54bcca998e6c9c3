"""Which weights a call uses, told before anything runs: from links to what opens models, and from its files."""

from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from graphengine.files.roots import File
from graphengine.node.spec import NodeSpec
from graphengine.plan.plan import Flow, Step, Task
from graphengine.workflow.graph import GraphNode, Link

FORMATS: Final[Mapping[str, int]] = {"float32": 4, "float16": 2, "bfloat16": 2}
"""The number formats that an input may choose for weights, and the bytes that a number takes in each."""

Count = Callable[[File, str], int | None]
"""Says how many numbers a part of a model holds; None where that cannot be told."""

Parts = Mapping[str, str]
"""The part of a model that values of a type of weights stand for, by the type's name."""


class Choice(NamedTuple):
    """An input that chooses the number format of weights, and what it says."""

    node: str
    socket: str
    value: str


class Weights(NamedTuple):
    """A part of a model that a call uses.

    Attributes:
        numbers: how many it holds.
        choice: what chooses their format, if anything does.
    """

    file: File
    part: str
    numbers: int
    choice: Choice | None

    def itemsize(self, otherwise: int) -> int:
        """Return the bytes of a number; ``otherwise`` where nothing chooses them."""
        return otherwise if self.choice is None else FORMATS.get(self.choice.value, otherwise)


def weights_of(task: Task, steps: Mapping[str, Step], parts: Parts, count: Count) -> tuple[Weights, ...] | None:
    """Return the weights that a call uses, each once, or None where that is known only during the run.

    What gives weights is followed back to the files that its nodes name; a node that changes weights adds its own.

    Args:
        steps: among them all that it takes from, however far back.
    """
    found: dict[tuple[str, str], Weights] = {}
    whole: tuple[Task | Flow, ...] = (task, *task.flows)
    stack = [link for part in whole for link in links_of_weights(part, parts)]
    seen: set[tuple[str, str]] = set()
    while stack:
        link = stack.pop()
        if link.source in seen:
            continue
        seen.add(link.source)
        step = steps.get(link.source.node)
        if not isinstance(step, Task) or link.item is not None:
            return None
        part = parts.get(step.spec.output[link.source.name].type.leaf, "")
        before = [each for each in links_of_weights(step, parts) if _part(each, steps, parts) == part]
        named = [value for value in step.constants.values() if isinstance(value, File)]
        if not before and not named:
            return None
        stack += before
        for file in named:
            numbers = count(file, part)
            if numbers is None:
                return None
            found[file.digest, part] = Weights(file, part, numbers, _choice(step))
    return tuple(found.values())


def links_of_weights(part: GraphNode | Task | Flow, types: Collection[str]) -> list[Link]:
    """Return the links over which weights come, by the names of the types that stand for them."""
    return [link for name, link in part.links.items() if part.spec.input[name].type.leaf in types]


def files_of(task: Task, parts: Parts, count: Count) -> int:
    """Return how many numbers all weights hold that a task opens, at most."""
    opened = {parts[each.type.leaf] for each in task.spec.outputs if each.type.leaf in parts}
    files = [value for value in task.constants.values() if isinstance(value, File)] if opened else []
    return sum(count(file, part) or 0 for file in files for part in opened)


def _part(link: Link, steps: Mapping[str, Step], parts: Parts) -> str | None:
    step = steps.get(link.source.node)
    return parts.get(step.spec.output[link.source.name].type.leaf) if isinstance(step, Task) else None


def _choice(task: Task) -> Choice | None:
    name = format_input(task.spec)
    return None if name is None or name not in task.constants else Choice(task.name, name, str(task.constants[name]))


def format_input(spec: NodeSpec) -> str | None:
    """Return the input of a node that chooses a number format: one of whose choices is ``float16``."""
    return next((each.name for each in spec.inputs if "float16" in each.schema.get("enum", ())), None)
