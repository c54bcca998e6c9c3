"""Documents as Hypothesis makes them: of every form that is allowed, and mostly right about the world."""

from typing import Any

import plain_pack
from hypothesis import strategies as st

from graphengine.node.registry import Registry
from graphengine.node.spec import Input, NodeSpec
from graphengine.types.builtin import BOOL, CHOICE, FILE, FLOAT, INT, SEED, STRING
from graphengine.workflow.document import Workflow
from graphengine.workflow.parse import workflow_from

REGISTRY = Registry((plain_pack.PACK,))

NAMES = (
    *("add", "add_2", "number", "passed", "word", "a", "b", "c", "made", "wf", "Seed", "Workflow", "N"),
    *("class", "print", "import", "match", "a-b", "a_b", "a-", "x" * 64, "y" * 40 + "-z", "y" * 40 + "_z"),
)
PARTS = ("twice", "word", "hi-res", "class")
OUTPUTS = ("value", "whole", "rest", "number", "matrix", "anything", "file", "o", "an-output", "draft_", "_x", "class")
WORDS = (
    "",
    "a red circle",
    "'",
    '"',
    '"it\'s"',
    "\\",
    "a\nb\tc",
    "é 红色 🔴",
    "\x00\u200b\ue000",
    "{$link}",
    "a word " * 40,
)

strings = st.sampled_from(WORDS) | st.text(max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([1e16, 1.0, 0, -0.0, 2**64, 1e-9])
    | strings
)
values = st.recursive(
    scalars, lambda x: st.lists(x, max_size=4) | st.dictionaries(strings, x, max_size=4), max_leaves=8
)
names = st.sampled_from(NAMES)
inputs = st.sampled_from(("p", "number", "text", "the-input", "class", "wf", "image"))
own = st.dictionaries(st.sampled_from(("x-note", "x-tool")), values, max_size=1)
told = st.fixed_dictionaries({}, optional={"title": strings | st.none(), "description": strings})
views = st.fixed_dictionaries(
    {},
    optional={
        "nodes": st.dictionaries(
            names | strings,
            st.fixed_dictionaries({"x": scalars, "y": st.integers()}, optional={"colour": strings})
            | st.fixed_dictionaries({"x": st.integers(-500, 500), "y": st.floats(-500, 500)}),
            max_size=4,
        ),
        "frames": st.lists(st.dictionaries(strings, values, max_size=2), max_size=2),
        "notes": st.lists(st.dictionaries(strings, values, max_size=2), max_size=2),
        "x-zoom": scalars,
    },
)

FITTING: dict[Any, st.SearchStrategy[Any]] = {
    INT.ref: st.integers(1, 100),
    FLOAT.ref: st.floats(0, 100) | st.integers(0, 5),
    STRING.ref: strings,
    BOOL.ref: st.booleans(),
    CHOICE.ref: st.sampled_from(["upper", "lower", "expected", "bug", "good"]),
    SEED.ref: st.integers(0, 2**64 - 1),
    FILE.ref: st.sampled_from(["a.txt", "folder/b c.txt", "inputs:x"]),
}


def rarely(strategy: st.SearchStrategy[Any], often: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 9).flatmap(lambda chance: strategy if chance == 0 else often)


@st.composite
def links(draw: st.DrawFn, nodes: dict[str, str]) -> dict[str, Any]:
    """A link to an output of one of some nodes, mostly to one that there is."""
    node = draw(rarely(names, st.sampled_from([*nodes])))
    spec = REGISTRY.nodes.get(nodes.get(node, ""))
    known = st.sampled_from([each.name for each in spec.outputs] if spec and spec.outputs else OUTPUTS)
    return {"$link": f"{node}.{draw(rarely(st.sampled_from(OUTPUTS), known))}"}


@st.composite
def given_to(draw: st.DrawFn, spec: NodeSpec | None, nodes: dict[str, str]) -> dict[str, Any]:
    """The inputs of a node, mostly of its specification."""
    odd = st.dictionaries(inputs | strings, values | links(nodes), max_size=2)
    if spec is None:
        return draw(odd)
    keys = [
        each for each in spec.inputs if draw(st.booleans()) or (each.required and draw(rarely(st.just(0), st.just(1))))
    ]
    found = {each.name: draw(value_for(each, nodes)) for each in draw(st.permutations(keys))}
    return {**found, **draw(rarely(odd, st.just({})))}


def value_for(socket: Input, nodes: dict[str, str]) -> st.SearchStrategy[Any]:
    broken = st.sampled_from(
        [{"$link": 1}, {"$link": "a"}, {"$link": "a.value", "more": 1}, {"$link": "no such.thing"}]
    )
    return rarely(values | broken, links(nodes) | FITTING.get(socket.type, links(nodes)))


loops = st.fixed_dictionaries(
    {"while": names}, optional={"carry": st.dictionaries(names, names, max_size=2), "limit": st.integers(1, 100_000)}
)


@st.composite
def parts(draw: st.DrawFn, subgraphs: tuple[str, ...]) -> dict[str, Any]:
    types = st.sampled_from([*REGISTRY.nodes]) | st.sampled_from([f"subgraph:{name}" for name in subgraphs] or ["a.b"])
    odd = st.sampled_from(["x.y", 'of nobody: "x"', "subgraph:none", "subgraph:", "."])
    nodes = draw(st.dictionaries(names, rarely(odd, types), min_size=1, max_size=8))
    written = {
        name: {
            "type": type_,
            "inputs": draw(given_to(REGISTRY.nodes.get(type_), nodes)),
            "mode": draw(rarely(st.sampled_from(["bypass", "mute"]), st.just("run"))),
            "title": draw(rarely(strings, st.none())),
            "map": draw(rarely(st.sampled_from(["zip", "product"]), st.none())),
            "loop": draw(rarely(loops, st.none())),
            **draw(rarely(own, st.just({}))),
        }
        for name, type_ in nodes.items()
    }
    sockets = [
        f"{name}.{key}"
        for name, node in written.items()
        for key in node["inputs"]
        if key.isidentifier() and key.isascii()
    ]
    free = [
        f"{name}.{each.name}"
        for name, type_ in nodes.items()
        if type_ in REGISTRY.nodes
        for each in REGISTRY.nodes[type_].inputs
    ]
    addresses = (
        st.sampled_from(sockets or ["a.value"])
        | st.sampled_from(free or ["b.value"])
        | st.sampled_from(["a.value", "z.o"])
    )
    entries = st.fixed_dictionaries({"to": st.lists(addresses, min_size=1, max_size=3)})
    outputs = links(nodes).map(lambda link: link["$link"]).filter(lambda each: "-" not in each.rpartition(".")[2])
    return {
        "inputs": {
            name: {**draw(entries), **draw(told), **draw(rarely(own, st.just({})))}
            for name in draw(st.lists(inputs, unique=True, max_size=3))
        },
        "outputs": {
            name: {"from": draw(outputs), **draw(told)} for name in draw(st.lists(inputs, unique=True, max_size=2))
        },
        "nodes": written,
        "view": draw(views),
        **draw(rarely(own, st.just({}))),
    }


@st.composite
def documents(draw: st.DrawFn) -> Workflow:
    subgraphs = tuple(draw(st.lists(st.sampled_from(PARTS), unique=True, max_size=3)))
    titles = st.fixed_dictionaries({}, optional={"title": strings, "description": strings})
    return workflow_from(
        {
            "format": "graphengine.workflow",
            "version": 1,
            **draw(titles),
            **draw(parts(subgraphs)),
            "subgraphs": {name: {**draw(titles), **draw(parts(subgraphs))} for name in subgraphs},
        }
    )
