"""The lock of a run: what made its results, beside the workflow.

A workflow says what is to be done. Its results also depend on what lay under the names that it gives for files, on the
versions of the nodes and libraries, and on the device. A lock says all that, so that somebody can make the same again,
or learn why it comes out otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphengine.files.roots import File
from graphengine.plan.plan import Flow, Opening, Plan, Task
from graphengine.workflow.document import Pin
from graphengine.workflow.files import MODELS, is_model
from graphengine.workflow.graph import GraphNode, called

VERSION: Final = 1
"""Of the form of a lock."""

Lock = Mapping[str, Any]
"""A lock as JSON has it.

``version`` is that of its form, ``graphengine`` that of the program, ``nodes`` the version of each node by id;
``environment`` says by pack what its results depend on; ``settings`` are those that change results; ``models`` and
``inputs`` tell for each reference the ``sha256`` and ``bytes`` of what lay there, and where it was ``found``, if that
was elsewhere.
"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the lock of every run of an engine says.

    Attributes:
        program: the version of graphengine.
        environment: what results depend on beside inputs, by pack and name.
        settings: the settings that change results.
        own: the roots of the packs: what lies there comes with them.
    """

    program: str
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    own: frozenset[str] = frozenset()


def lock_of(plan: Plan, surroundings: Surroundings) -> Lock:
    """Return the lock of a run of a plan. Nothing is read: a plan knows the hashes of its files."""
    nodes: dict[str, int] = {}
    files: dict[str, dict[str, Mapping[str, Any]]] = {MODELS: {}, "inputs": {}}
    for part in _parts(plan):
        spec = part.spec
        nodes[spec.id] = spec.version
        for name, value in part.constants.items():
            if isinstance(value, File):
                kind = MODELS if is_model(spec.input[name], value.reference) else "inputs"
                files[kind][value.reference] = _file(value)
    return {
        "version": VERSION,
        "graphengine": surroundings.program,
        "nodes": dict(sorted(nodes.items())),
        "environment": {name: dict(each) for name, each in surroundings.environment.items()},
        "settings": dict(surroundings.settings),
        **{kind: dict(sorted(found.items())) for kind, found in files.items()},
    }


def pins_of(lock: Lock, own: frozenset[str]) -> Mapping[str, Pin]:
    """Return what a document says of the models that a lock names; of those that come with packs it need not.

    Args:
        own: the roots of the packs.
    """
    return {
        reference: Pin(sha256=each["sha256"], bytes=each["bytes"])
        for reference, each in lock[MODELS].items()
        if reference.partition(":")[0] not in own
    }


def _file(file: File) -> Mapping[str, Any]:
    found = {"found": file.found} if file.found else {}
    return {"sha256": file.digest, "bytes": file.nbytes, **found}


def _parts(plan: Plan) -> Iterator[GraphNode | Task | Flow]:
    """Yield what a plan calls, also what loops will."""
    for step in plan.tasks.values():
        if isinstance(step, Task):
            yield step
            yield from step.flows
        elif isinstance(step, Opening):
            yield from called([step.loop])
