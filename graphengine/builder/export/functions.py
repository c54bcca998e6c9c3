"""Node functions: which can be imported and called as they are, and what they are called in the code."""

import inspect
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, get_type_hints

from graphengine.builder.arguments import check_constant
from graphengine.builder.export.identifiers import Identifiers, is_attribute, snake
from graphengine.node.annotation import unwrap
from graphengine.node.declare import SPEC_ATTRIBUTE
from graphengine.node.pack import FOLDER_MODULE
from graphengine.node.registry import Registry
from graphengine.node.spec import Input, NodeSpec
from graphengine.types.builtin import ANYTHING, CHOICE, FLOAT, INT, SEED, STRING
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.document import Node, link_of

_NOWHERE: Final = ("__main__", FOLDER_MODULE)
"""How the modules begin that another program cannot import."""
_SUBTYPES: Final = {(INT.ref, FLOAT.ref), (SEED.ref, INT.ref), (SEED.ref, FLOAT.ref), (CHOICE.ref, STRING.ref)}
"""What a type checker lets flow beside equal types."""


class Functions:
    """The node functions that code can call with types."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._callable: dict[str, bool] = {}

    def of(self, node: Node, handed: Collection[str]) -> NodeSpec | None:
        """Return the specification of a node whose function can be called; None if it cannot, not with what is given.

        Args:
            node: the node.
            handed: the inputs that it is handed beside those that are written.
        """
        spec = self._registry.nodes.get(node.type)
        if spec is None:
            return None
        if spec.id not in self._callable:
            self._callable[spec.id] = _is_importable(spec) and _is_called_as_it_is(spec)
        if not self._callable[spec.id]:
            return None
        given = (*node.inputs, *handed)
        known = all(key in spec.input for key in given)
        whole = all(each.name in given for each in spec.inputs if each.required)
        return spec if known and whole and _fits(spec, node) else None


def result_words(spec: NodeSpec) -> Iterable[str]:
    """Yield what the result of a function may be called: after its only output, or after its class."""
    if spec.several:
        yield snake(unwrap(get_type_hints(spec.function)["return"])[0].__name__)
    elif spec.outputs and spec.outputs[0].name != "value":
        yield spec.outputs[0].name


def aliases(specs: Iterable[NodeSpec], identifiers: Identifiers) -> Mapping[str, str]:
    """Return what each function is called in the code, by node id: as it is, or after its id if two are called so."""
    wanted = defaultdict(list)
    for spec in sorted({spec.id: spec for spec in specs}.values(), key=lambda spec: spec.id):
        wanted[spec.function.__name__].append(spec)
    found = {}
    for name, sharing in sorted(wanted.items()):
        for spec in sharing:
            own = [name] if len(sharing) == 1 else []
            found[spec.id] = identifiers.take([*own, spec.id.replace(".", "_")])
    return found


def flows(static: TypeRef | None, socket: Input) -> bool:
    """Return whether a type checker lets a value of a type, or of any if None, be given for an input."""
    if static is None:
        return True
    if socket.lazy:
        return False
    target = socket.type
    return target == ANYTHING.ref or (static, target) in _SUBTYPES or (static == target and not _is_choice(static))


def _is_choice(ref: TypeRef) -> bool:
    """Return whether a type, or that of a list's items, is one of words, which are not those of another input."""
    return ref == CHOICE.ref if ref.item is None else _is_choice(ref.item)


def _is_importable(spec: NodeSpec) -> bool:
    function = spec.function
    module = function.__module__
    there: Any = getattr(sys.modules.get(module), function.__name__, None)
    if module.startswith(_NOWHERE) or getattr(there, SPEC_ATTRIBUTE, None) is not spec:
        return False
    return all(is_attribute(each) for each in (*module.split("."), function.__name__))


def _is_called_as_it_is(spec: NodeSpec) -> bool:
    """Return whether a type checker takes the call of a function for its result, without what the engine passes."""
    parameters = inspect.signature(spec.function).parameters
    return (
        not inspect.iscoroutinefunction(spec.function)
        and all(
            parameters[name].default is not inspect.Parameter.empty for name in (each.name for each in spec.injected)
        )
        and all(each.kind is not inspect.Parameter.POSITIONAL_ONLY for each in parameters.values())
    )


def _fits(spec: NodeSpec, node: Node) -> bool:
    """Return whether the builder would take what is written."""
    try:
        for key, value in node.inputs.items():
            if link_of(value) is None:
                check_constant(spec.input[key], value)
    except ValueError:
        return False
    return True
