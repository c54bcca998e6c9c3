"""The code that a document becomes: as a person would have written it."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import plain_pack
import pytest
from documents import link, workflow
from strange_documents import REGISTRY

from graphengine.builder.export.code import python_code
from graphengine.node.pack import folder_packs
from graphengine.node.registry import Registry
from graphengine.workflow.document import Workflow


def made_by(code: str) -> Workflow:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(code, names)  # noqa: S102 - the code is what is tested
    made = names["wf"].document()
    assert isinstance(made, Workflow)
    return made


def body(document: Workflow, registry: Registry = REGISTRY) -> list[str]:
    """The lines of the code behind the imports; they make the same document."""
    code = python_code(document, registry)
    assert made_by(code).to_json() == document.to_json()
    return [line.strip() for line in code.partition("with Workflow(")[2].splitlines()[1:] if line.strip()]


def test_it_reads_as_if_written_by_hand() -> None:
    twice = {
        "inputs": {"value": {"to": ["add.a", "add.b"]}},
        "outputs": {"sum": {"from": "add.value"}},
        "nodes": {"add": {"type": "plain.add", "inputs": {"a": 1, "b": 1}}},
    }
    document = workflow(
        {
            "text": ["plain.read", {"file": "a.txt"}],
            "parts": ["plain.split", {"value": 1.5}],
            "limited": ["plain.limited", {"seed": 7, "steps": link("parts.whole")}],
            "twice": ["subgraph:twice", {"value": link("limited.value")}],
            "word": ["plain.word", {"text": link("text.value"), "kind": "lower"}],
            "loud": ["plain.word", {"text": link("word.value")}],
            "write": ["plain.write", {"text": link("loud.value"), "name": "out"}],
        },
        title="Words and numbers",
        inputs={
            "seed": {"to": ["limited.seed"], "title": "Seed"},
            "file": {"to": ["text.file"]},
            "name": {"to": ["write.name"]},
        },
        outputs={"sum": {"from": "twice.sum"}, "rest": {"from": "parts.rest", "description": "what is left"}},
        subgraphs={"twice": twice},
        view={"nodes": {"text": {"x": 0, "y": 0}, "word": {"x": 200, "y": 0}}},
    )
    code = python_code(document, REGISTRY)
    assert made_by(code) == document
    assert code == dedent(
        '''\
        """The workflow 'Words and numbers'."""

        from graphengine.builder import Workflow
        from graphengine.types.builtin import Seed
        from plain_pack import add, limited, read, split, word, write

        with Workflow(title="Words and numbers") as wf:
            with wf.subgraph("twice") as twice:
                value = twice.input("value", 1)

                add_result = add(value, b=value)

                twice.output("sum", add_result)

            seed = wf.input("seed", Seed(7), title="Seed")
            file = wf.input("file", wf.file("a.txt"))
            name = wf.input("name", "out")

            text = wf["text"] = read(file)
            parts = wf["parts"] = split(1.5)
            limited_result = limited(seed=seed, steps=parts.whole)
            twice_result = twice(value=limited_result)
            word_result = word(text=text, kind="lower")
            loud = wf["loud"] = word(text=word_result)
            write(loud, name=name)

            wf.output("sum", twice_result.sum)
            wf.output("rest", parts.rest, description="what is left")

            wf.arrange({"text": (0, 0), "word": (200, 0)})
        '''
    )


def test_what_models_contain_is_kept() -> None:
    pins = {"models:a.safetensors": {"sha256": "0" * 64, "bytes": 5}, "models:whole": {"sha256": "1" * 64}}
    document = workflow({"r": ["plain.recipe", {"file": "models:a.safetensors"}]}, models=pins)
    code = python_code(document, REGISTRY)
    assert made_by(code) == document
    assert made_by(code).to_json()["models"] == pins
    assert 'wf.models = {\n    "models:a.safetensors": {' in code
    assert "models =" not in python_code(workflow({"n": ["plain.number", {"value": 1}]}), REGISTRY)


def test_an_empty_document_is_an_empty_block() -> None:
    assert python_code(workflow({}), REGISTRY).endswith("\n\nwith Workflow() as wf:\n    pass\n")
    assert made_by(python_code(workflow({}, subgraphs={"s": {}}), REGISTRY)) == workflow({}, subgraphs={"s": {}})


def test_nodes_follow_what_they_take_from_and_keep_their_place_in_the_document() -> None:
    chain = {"c": ["plain.pass", {"value": link("b.value")}], "b": ["plain.pass", {"value": link("a.value")}]}
    assert body(workflow({**chain, "a": ["plain.number", {}]})) == [
        'a = wf["a"] = number()',
        'b = wf["b"] = passed(a)',
        'wf["c"] = passed(b)',
        'wf.order("c", "b", "a")',
    ]


def test_links_that_lead_nowhere_or_in_a_circle_are_named_by_address() -> None:
    lost = {"a": ["plain.pass", {"value": link("b.value")}], "b": ["plain.pass", {"value": link("a.value")}]}
    lost |= {"c": ["plain.pass", {"value": link("a.tpyo")}], "d": ["plain.pass", {"value": {"$link": 3}}]}
    assert body(workflow(lost, outputs={"o": {"from": "ghost.value"}})) == [
        'wf["d"] = wf.node("plain.pass", value={"$link": 3})',
        'a = wf["a"] = passed(wf.link("b.value"))',
        'wf["b"] = passed(a)',
        'wf["c"] = passed(wf.link("a.tpyo"))',
        'wf.output("o", wf.link("ghost.value"))',
        'wf.order("a", "b", "c", "d")',
    ]


@pytest.mark.parametrize(
    "node",
    [
        ["plain.nobody", {"a": 1}],
        ["plain.limited", {"steps": 0}],
        ["plain.add", {"a": 1, "c": 2}],
        ["plain.add", {}],
        ["plain.steps", {"count": 1}],
        ["plain.sleep", {"value": 1}],
        ["subgraph:nobody", {}],
    ],
)
def test_what_cannot_be_called_is_named_by_its_type(node: list[Any]) -> None:
    (line,) = body(workflow({"n": node}))
    assert line.startswith(f'wf["n"] = wf.node("{node[0]}"')


def test_nodes_of_a_folder_are_named_by_their_type(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from graphengine.node.declare import node\n"
        "@node('mine.double', category='own')\n"
        "def double(value: float) -> float:\n    'Double.'\n    return 2 * value\n"
    )
    registry = Registry(folder_packs(tmp_path))
    assert body(workflow({"n": ["mine.double", {"value": 1}]}), registry) == [
        'wf["n"] = wf.node("mine.double", value=1)'
    ]


def test_conversions_that_a_type_checker_does_not_know_are_said() -> None:
    nodes = {
        "whole": ["plain.split", {"value": 1}],
        "any": ["plain.choose", {"first": True, "yes": 1, "no": 2}],
        "results": ["plain.results", {}],
        "seeded": ["plain.limited", {"seed": link("whole.whole"), "steps": link("results.anything")}],
        "lazy": ["plain.sum_if", {"a": link("seeded.value"), "b": link("whole.rest"), "limit": link("any.value")}],
        "kind": ["plain.word", {"kind": link("seeded.value")}],
    }
    assert body(workflow(nodes))[-3:] == [
        'seeded = wf["seeded"] = limited(seed=Seed(whole.whole), steps=wf.untyped(results_result.anything))',
        'wf["lazy"] = sum_if(seeded, b=wf.untyped(whole.rest), limit=any_result.value)',
        'wf["kind"] = word(kind=wf.untyped(seeded))',
    ]


def test_inputs_that_no_variable_can_stand_for_name_their_sockets() -> None:
    nodes = {"a": ["plain.add", {"a": 1}], "b": ["plain.add", {"a": 2, "b": link("a.value")}]}
    one = {
        "uneven": {"to": ["a.a", "b.a"]},
        "lost": {"to": ["c.a"]},
        "linked": {"to": ["b.b"]},
        "free": {"to": ["a.b"]},
    }
    assert body(workflow(nodes, inputs={**one, "again": {"to": ["a.b"]}}))[:6] == [
        'wf.input("uneven", to=["a.a", "b.a"])',
        'wf.input("lost", to=["c.a"])',
        'wf.input("linked", to=["b.b"])',
        'free = wf.input("free")',
        'wf.input("again", to=["a.b"])',
        'a = wf["a"] = add(1, b=free)',
    ]


def test_names_that_are_taken_are_given_otherwise() -> None:
    names = ["class", "add", "print", "wf", "a-b", "a_b", "Seed", "split"]
    nodes = {name: ["plain.split", {"value": 1}] for name in names}
    nodes |= {f"of{index}": ["plain.add", {"a": link(f"{name}.rest")}] for index, name in enumerate(names)}
    code = "\n".join(body(workflow(nodes, inputs={"add": {"to": ["add.value"]}})))
    assert [line.partition(" = ")[0] for line in code.splitlines() if "] = split(" in line or "= split(" in line] == [
        *("parts", "add_parts", "print_parts", "wf_parts", "a_b", "a_b_parts", "Seed_parts", "split_parts"),
    ]
    assert 'add_input = wf.input("add", 1)' in code


SECOND = """
from graphengine.node.declare import node
from graphengine.node.pack import Pack

@node("second.word", category="own")
def word(value: str = "") -> str:
    'Say it.'
    return value

@node("second.note", category="own", sink=True)
def note(text: str) -> None:
    'Note it.'

PACK = Pack(name="second", package=__name__)
"""


@pytest.fixture
def second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """The plain pack, and one whose ``word`` is called like a node of the first."""
    (tmp_path / "second_pack.py").write_text(SECOND)
    monkeypatch.syspath_prepend(tmp_path)
    yield Registry((plain_pack.PACK, importlib.import_module("second_pack").PACK))
    del sys.modules["second_pack"]


def test_functions_that_share_a_name_are_called_by_their_ids(second: Registry) -> None:
    nodes = {"a": ["plain.word", {}], "b": ["second.word", {}], "c": ["plain.write", {"text": "x"}]}
    code = python_code(workflow(nodes), second)
    assert made_by(code) == workflow(nodes)
    assert code.splitlines()[2:8] == [
        "from graphengine.builder import Workflow",
        "from plain_pack import word as plain_word",
        "from plain_pack import write",
        "from second_pack import word as second_word",
        "",
        "with Workflow() as wf:",
    ]


def test_a_node_without_outputs_gets_its_name_after_the_call(second: Registry) -> None:
    nodes = {"log": ["second.note", {"text": "x"}], "note": ["second.note", {"text": "y"}]}
    assert body(workflow(nodes), second) == ['note("x")', 'wf["note"].name = "log"', 'note("y")']


def test_long_texts_are_cut_after_words() -> None:
    text = "a red house and a tree on a meadow " * 8
    lines = body(workflow({"word": ["plain.word", {"text": text}]}))
    assert lines[:3] == [
        "word(",
        "text=(",
        '"a red house and a tree on a meadow a red house and a tree on a meadow a red house and a tree on a meadow "',
    ]


@pytest.mark.parametrize(
    ("title", "first"),
    [("Plain", '"""The workflow \'Plain\'."""'), ('"""', '"""A workflow."""'), ("a\nb\\", '"""A workflow."""')],
)
def test_a_title_never_breaks_the_docstring(title: str, first: str) -> None:
    code = python_code(workflow({}, title=title), REGISTRY)
    assert code.splitlines()[0] == first
    assert made_by(code).title == title
