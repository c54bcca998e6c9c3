"""``@node``: the signature of a function becomes the specification of a node.

Positional parameters are sockets, keyword-only parameters are injected by the engine, defaults make
inputs optional, ``Annotated[...]`` carries pydantic constraints and editor hints, the docstring is the
help, and a ``NamedTuple`` as the return type names several outputs. The function stays an ordinary function, whose
calls are recorded only where a workflow is built (:mod:`graphengine.builder`).
"""

import functools
import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, TypeVar, cast, get_type_hints

from graphengine.errors import DeclarationError
from graphengine.node.annotation import adapter, classes, eager, is_plain, output_name, type_ref, unwrap
from graphengine.node.check import Check
from graphengine.node.checkpoints import Checkpoints
from graphengine.node.lists import Extent, ItemsOf, LengthOf
from graphengine.node.recording import recorder
from graphengine.node.spec import MISSING, Injection, Input, Lane, NodeSpec, Output
from graphengine.node.together import Together
from graphengine.node.widgets import Suits, Under, Widget
from graphengine.types.builtin import FILE, INT
from graphengine.types.socket_type import TypeRef

Function = TypeVar("Function", bound=Callable[..., Any])

SPEC_ATTRIBUTE = "__graphengine_node__"

_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class _Injected:
    """Says so when it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise TypeError("the engine passes this parameter; who calls a node function directly passes it too")


injected: Any = _Injected()
"""The default of what the engine passes, ``*, context: Context = injected``: with it, a type checker lets those leave
it out who call the node to build a workflow. It changes nothing else."""


def node(
    id: str,  # noqa: A002 - the word that documents use
    *,
    category: str,
    version: int = 1,
    title: str = "",
    lane: Lane = "cpu",
    sink: bool = False,
    timeout: float | None = None,
    retries: int = 0,
    shrinks: int = 0,
    together: Together | None = None,
    aliases: Sequence[str] = (),
) -> Callable[[Function], Function]:
    """Declare a function to be a node; the module says how its signature is read.

    Args:
        id: ``domain.name``, unique among all packs.
        category: where a menu shows it, such as ``image/filter``.
        version: raise it when the node's results change.
        title: what people read; by default made from the id.
        lane: the resource that a call occupies.
        sink: the node has an effect outside, such as a file; it is never answered from a cache.
        timeout: the seconds a call may take; enforced where calls run in processes of their own.
        retries: how often to call it again after an exception, a lost worker, a timeout or a transient error.
        shrinks: how often to call it again after it ran out of memory; see :class:`graphengine.node.context.Attempt`.
        together: how to make several calls as one.
        aliases: what people may call it who search for it, such as its name in another program.

    Raises:
        DeclarationError: the signature, a default, the docstring or the id is not one of a node.
    """

    def declare(function: Function) -> Function:
        try:
            _check_identity(id, version)
            _check_aliases(aliases)
            _check_limits(timeout, retries, shrinks)
            signature = _signature(function)
            _check_together(together, function, signature["inputs"], sink=sink)
        except DeclarationError as error:
            raise DeclarationError(f"node {id!r} ({function.__module__}): {error}") from error.__cause__
        spec = NodeSpec(
            id=id,
            title=title or id.rpartition(".")[2].replace("_", " ").capitalize(),
            category=category,
            version=version,
            lane=lane,
            sink=sink,
            timeout=timeout,
            retries=retries,
            shrinks=shrinks,
            together=together,
            aliases=tuple(aliases),
            **signature,
        )
        return _recordable(function, spec)

    return declare


def _recordable(function: Function, spec: NodeSpec) -> Function:
    """Return the function, with its specification, whose calls a workflow under construction can take."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        taker = recorder()
        return function(*args, **kwargs) if taker is None else taker.record(spec, args, kwargs)

    setattr(call, SPEC_ATTRIBUTE, spec)
    return cast("Function", call)


def spec_of(function: Callable[..., Any]) -> NodeSpec:
    """Return the specification that :func:`node` attached to a function.

    Raises:
        DeclarationError: the function is not a node.
    """
    spec = getattr(function, SPEC_ATTRIBUTE, None)
    if not isinstance(spec, NodeSpec):
        raise DeclarationError(f"{function!r} is not a node: it has no @node decorator")
    return spec


def _check_identity(id_: str, version: int) -> None:
    if not _ID.fullmatch(id_):
        raise DeclarationError("an id is written domain.name, in lower case")
    if version < 1:
        raise DeclarationError("a version is 1 or more")


def _check_aliases(aliases: Sequence[str]) -> None:
    if isinstance(aliases, str) or not all(each.strip() for each in aliases):
        raise DeclarationError("aliases are a sequence of words: aliases=('Upscale',)")


def _check_limits(timeout: float | None, retries: int, shrinks: int) -> None:
    if timeout is not None and not timeout > 0:
        raise DeclarationError("a timeout is above 0 seconds")
    if retries < 0 or shrinks < 0:
        raise DeclarationError("retries and shrinks are 0 or more")


def _check_together(
    together: Together | None, function: Callable[..., Any], inputs: Sequence[Input], *, sink: bool
) -> None:
    if together is None:
        return
    unknown = [name for name in together.over if name not in {each.name for each in inputs}]
    if unknown or not together.over:
        raise DeclarationError(f"calls together differ in inputs of the node; {unknown or 'none'} was named")
    if list(inspect.signature(together.function).parameters) != list(inspect.signature(function).parameters):
        raise DeclarationError("the function for calls together has other parameters than the node")
    if sink or any(each.lazy for each in inputs):
        raise DeclarationError("calls with an effect outside or with lazy inputs cannot be made together")
    if together.limit < 2:
        raise DeclarationError("together are 2 calls or more")


def _signature(function: Callable[..., Any]) -> Mapping[str, Any]:
    """Return what a specification knows from the function itself."""
    hints = _hints(function)
    inputs, injected = _parameters(function, hints)
    outputs = _outputs(hints["return"])
    _check_extents(inputs, outputs)
    help_text = _help(function)
    return {
        "summary": help_text.partition("\n")[0],
        "help": help_text,
        "inputs": inputs,
        "outputs": outputs,
        "several": _is_named_tuple(unwrap(hints["return"])[0]),
        "injected": injected,
        "checkpoints": any(each.python is Checkpoints for each in injected),
        "function": function,
        "python": {name: cls for hint in _socket_hints(function, hints) for name, cls in classes(hint).items()},
    }


def _help(function: Callable[..., Any]) -> str:
    text = inspect.getdoc(function)
    if not text:
        raise DeclarationError("a node has a docstring: its first line is the tooltip")
    return text


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise DeclarationError(f"an annotation cannot be read: {error}") from error
    for name in (*inspect.signature(function).parameters, "return"):
        if name not in hints:
            raise DeclarationError(f"{name!r} has no type annotation (-> None for a node without outputs)")
    return hints


def _parameters(
    function: Callable[..., Any], hints: Mapping[str, Any]
) -> tuple[tuple[Input, ...], tuple[Injection, ...]]:
    inputs, injected = [], []
    for parameter in inspect.signature(function).parameters.values():
        hint = hints[parameter.name]
        if parameter.kind in _POSITIONAL:
            inputs.append(_input(parameter, hint))
        elif parameter.kind is inspect.Parameter.KEYWORD_ONLY and isinstance(hint, type):
            injected.append(Injection(parameter.name, hint))
        else:
            raise DeclarationError(f"parameter {parameter.name!r} is neither a socket nor an injected class")
    return tuple(inputs), tuple(injected)


def _input(parameter: inspect.Parameter, hint: Any) -> Input:
    bare, metadata = unwrap(hint)
    ref = type_ref(bare)
    widget = next((each.data() for each in metadata if isinstance(each, Widget)), None)
    under = next((each for each in metadata if isinstance(each, Under)), Under("inputs"))
    checks = adapter(eager(hint)) if is_plain(ref) else None
    required = Input(
        name=parameter.name,
        type=ref,
        check=Check.of(checks) if checks else None,
        schema=checks.json_schema() if checks and not ref.flows else {},
        widget=widget,
        roots=under.roots if ref == FILE.ref else (),
        roles=under.roles,
        lazy=eager(hint) != hint,
        suits=next((each for each in metadata if isinstance(each, Suits)), None),
    )
    if parameter.default is inspect.Parameter.empty:
        return required
    return Input(**{**vars(required), "default": _default(required, parameter.default)})


def _default(socket: Input, value: Any) -> Any:
    if value is MISSING or value is None:
        return value
    try:
        default = socket.parse(value)
        is_plain = json.loads(json.dumps(default)) == default
    except (TypeError, ValueError) as error:
        raise DeclarationError(f"the default of {socket.name!r} is not valid: {error}") from error
    if not is_plain:
        raise DeclarationError(f"the default of {socket.name!r} is not plain JSON")
    return default


def _outputs(hint: Any) -> tuple[Output, ...]:
    bare, _ = unwrap(hint)
    if bare is NoneType:
        return ()
    if _is_named_tuple(bare):
        return tuple(_output(each, name) for name, each in _fields(bare).items())
    return (_output(hint, output_name(type_ref(bare))),)


def _output(hint: Any, name: str) -> Output:
    bare, metadata = unwrap(hint)
    ref = type_ref(bare)
    extent = next((each for each in metadata if isinstance(each, Extent)), None)
    return Output(name, ref, Check.of(adapter(hint)) if is_plain(ref) else None, extent)


def _check_extents(inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> None:
    """Prove that what is said of lists and sequences can be."""
    if any(each.type.flows for each in outputs) and len(outputs) > 1:
        raise DeclarationError("a node that gives a sequence gives nothing else")
    types = {each.name: each.type for each in inputs}
    for output in outputs:
        match output.extent:
            case ItemsOf(name) if types.get(name) != output.type or output.type.item is None:
                raise DeclarationError(f"output {output.name!r} cannot be the list that {name!r} takes")
            case LengthOf(name) if output.type.item is None or not _has_length(types.get(name)):
                raise DeclarationError(f"output {output.name!r} cannot be as long as {name!r} says")
            case _:
                pass


def _has_length(type_: TypeRef | None) -> bool:
    return type_ is not None and (type_.item is not None or type_ == INT.ref)


def _socket_hints(function: Callable[..., Any], hints: Mapping[str, Any]) -> list[Any]:
    parameters = inspect.signature(function).parameters.values()
    sockets = [hints[each.name] for each in parameters if each.kind in _POSITIONAL]
    result, _ = unwrap(hints["return"])
    if result is NoneType:
        return sockets
    return [*sockets, *(_fields(result).values() if _is_named_tuple(result) else [result])]


def _is_named_tuple(bare: Any) -> bool:
    return isinstance(bare, type) and issubclass(bare, tuple) and hasattr(bare, "_fields")


def _fields(bare: Any) -> dict[str, Any]:
    return get_type_hints(bare, include_extras=True)
