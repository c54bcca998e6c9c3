"""Calling node functions inside a block makes a document."""

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from documents import link, workflow
from plain_pack import Blob, add, blob, choose, fail, limited, number, passed, read, split, word, write

from graphengine.app import Engine
from graphengine.builder import Workflow
from graphengine.errors import Problem, WorkflowError
from graphengine.node.declare import injected, spec_of
from graphengine.node.registry import Registry
from graphengine.types.builtin import Seed
from graphengine.workflow.load import load_workflow


def written(wf: Workflow) -> dict[str, Any]:
    nodes: dict[str, Any] = wf.to_json().get("nodes", {})
    return nodes


def problem(error: pytest.ExceptionInfo[WorkflowError]) -> Problem:
    (found,) = error.value.problems
    return found


# ------------------------------------------------------------------ calls


def test_calls_make_the_document_that_could_be_written_by_hand() -> None:
    with Workflow(title="Sum") as wf:
        start = wf.input("start", 2.0, title="Start")
        parts = wf["parts"] = split(start)
        total = add(parts.rest, b=number(3))
        wf.output("total", total, description="of both")
    assert wf.document() == workflow(
        {
            "parts": ["plain.split", {"value": 2.0}],
            "number": ["plain.number", {"value": 3}],
            "add": ["plain.add", {"a": link("parts.rest"), "b": link("number.value")}],
        },
        title="Sum",
        inputs={"start": {"to": ["parts.value"], "title": "Start"}},
        outputs={"total": {"from": "add.value", "description": "of both"}},
    )


def test_outside_of_a_block_a_call_is_a_call() -> None:
    assert passed(2.0) == 2.0
    with Workflow() as wf:
        passed(2.0)
    assert passed(2.0) == 2.0
    with pytest.raises(ZeroDivisionError), wf:
        raise ZeroDivisionError
    assert passed(2.0) == 2.0
    assert list(written(wf)) == ["passed"]


def test_what_the_engine_passes_is_left_out_and_missed_only_by_who_calls_in_earnest() -> None:
    with pytest.raises(TypeError, match="the engine passes this parameter"):
        add(1.0, 2.0)
    with pytest.raises(AttributeError):
        injected.__wrapped__  # noqa: B018 - what libraries look for is not there
    assert spec_of(add).function is not add


async def test_a_block_takes_the_calls_of_its_own_task_alone() -> None:
    async def build(value: float) -> Workflow:
        with Workflow() as wf:
            for _ in range(3):
                passed(value)
                await asyncio.sleep(0)
        return wf

    async def compute() -> list[float]:
        made = []
        for each in (1.0, 2.0, 3.0):
            made.append(passed(each))
            await asyncio.sleep(0)
        return made

    one, two, plain = await asyncio.gather(build(1.0), build(2.0), compute())
    assert [node["inputs"]["value"] for node in written(one).values()] == [1.0] * 3
    assert [node["inputs"]["value"] for node in written(two).values()] == [2.0] * 3
    assert plain == [1.0, 2.0, 3.0]


async def test_what_is_built_runs(engine: Engine) -> None:
    with Workflow() as wf:
        parts = split(wf.input("number", 5.25))
        wf.output("sum", add(parts.whole, parts.rest))
        wf.output("switched", choose(True, wf.untyped(parts.whole), wf.untyped(fail())))
    document = wf.document()
    run = engine.start(document, engine.plan(engine.resolve(document)), Path("unused"), lambda _: None)
    assert (await run.result()).outputs == {"sum": 5.25, "switched": 5}
    engine.close()


# ------------------------------------------------------------------ names


def test_nodes_are_called_after_their_function_until_somebody_says_otherwise() -> None:
    with Workflow() as wf:
        first = passed(1.0)
        wf["second"] = passed(first)
        third = passed(first)
        wf.node("plain.pass")
        wf[third].name = "the-third"
        passed(third)
    assert list(written(wf)) == ["passed", "second", "the-third", "pass", "passed_2"]
    assert written(wf)["passed_2"]["inputs"] == {"value": link("the-third.value")}


@pytest.mark.parametrize(("name", "reason"), [("passed", "already a node"), ("1st", "a name is"), ("a.b", "a name is")])
def test_a_name_that_cannot_be_is_refused(name: str, reason: str) -> None:
    with Workflow() as wf:
        passed(1.0)
        with pytest.raises(WorkflowError, match=reason):
            wf[name] = passed(2.0)


def test_a_node_is_found_by_its_name_and_by_its_results() -> None:
    with Workflow() as wf:
        parts = split(1.5)
    assert wf["split"] is wf[parts] is wf[parts.whole]
    with pytest.raises(WorkflowError, match=r"no node 'spilt' here .*Did you mean 'split'"):
        wf["spilt"]
    with pytest.raises(WorkflowError, match="no node 3 here"):
        wf[3]
    with pytest.raises(WorkflowError, match="no node"):
        Workflow()[parts]


def test_title_mode_and_own_fields_are_set_on_the_node() -> None:
    with Workflow(description="D", own={"x-tool": 1}) as wf:
        wf["kept"] = passed(1.0)
        wf["kept"].title = "Kept"
        wf["kept"].mode = "bypass"
        wf["kept"].own["x-note"] = [1]
    assert wf.to_json() == {
        "format": "graphengine.workflow",
        "version": 1,
        "description": "D",
        "x-tool": 1,
        "nodes": {
            "kept": {"type": "plain.pass", "inputs": {"value": 1.0}, "mode": "bypass", "title": "Kept", "x-note": [1]}
        },
    }


def test_looks_and_order() -> None:
    with Workflow() as wf:
        last = passed(passed(passed(1.0)))
        wf.order(last, "passed_2")
        wf["passed_3"].name = "last"
        wf.arrange({"passed": (0, 1.5)}, frames=[{"title": "F"}])
        wf.arrange({"passed_2": {"x": 1, "folded": True}}, notes=[{"text": "N"}], own={"x-zoom": 2})
    assert list(written(wf)) == ["last", "passed_2", "passed"]
    assert wf.to_json()["view"] == {
        "nodes": {"passed": {"x": 0, "y": 1.5}, "passed_2": {"x": 1, "folded": True}},
        "frames": [{"title": "F"}],
        "notes": [{"text": "N"}],
        "x-zoom": 2,
    }


# ------------------------------------------------------------------ inputs and outputs


def test_an_input_is_handed_to_as_many_nodes_as_want_it() -> None:
    with Workflow() as wf:
        start = wf.input("start", 1.0)
        bare = wf.input("bare", to=["after.value"])
        wf["one"] = add(start, start)
        wf["two"] = add(bare, start)
        wf[wf["one"].name].name = "first"
        wf["after"] = passed(wf.input("linked", passed(2.0)))
    document = wf.to_json()
    assert {name: each["to"] for name, each in document["inputs"].items()} == {
        "start": ["first.a", "first.b", "two.b"],
        "bare": ["after.value", "two.a"],
        "linked": ["after.value"],
    }
    assert document["nodes"]["first"]["inputs"] == {"a": 1.0, "b": 1.0}
    assert document["nodes"]["two"]["inputs"] == {"b": 1.0}
    assert document["nodes"]["after"]["inputs"] == {"value": link("passed.value")}


def test_an_input_that_nobody_takes_is_refused() -> None:
    wf = Workflow()
    wf.input("prompt", "x")
    with pytest.raises(WorkflowError, match="the input 'prompt' is not handed to any node"):
        wf.document()


def test_one_name_means_one_thing() -> None:
    with Workflow() as wf:
        one = passed(wf.input("a", 1.0))
        wf.output("a", one)
        wf.subgraph("a")
        for again in (lambda: wf.input("a", 2.0), lambda: wf.output("a", one), lambda: wf.subgraph("a")):
            with pytest.raises(WorkflowError, match=r"there is already an? \w+ 'a'"):
                again()


def test_an_output_is_the_result_of_a_node() -> None:
    with Workflow() as wf:
        for wrong, reason in [
            (wf.input("a", 1.0), "not the result of a node"),
            (3, "not the result of a node"),
            (split(1.5), r"a whole node.*Name it: \.whole, \.rest\."),
            (Workflow().node("x.y").value, "belongs to another"),
        ]:
            with pytest.raises(WorkflowError, match=reason):
                wf.output("o", wrong)


# ------------------------------------------------------------------ results


def test_several_outputs_are_fields_as_in_a_real_call() -> None:
    with Workflow() as wf:
        whole, rest = parts = split(1.5)
        wf["a"] = add(whole, parts[1])
        wf["b"] = add(rest, parts.whole)
    assert written(wf)["a"]["inputs"] == {"a": link("split.whole"), "b": link("split.rest")}
    assert written(wf)["b"]["inputs"] == {"a": link("split.rest"), "b": link("split.whole")}
    with pytest.raises(WorkflowError, match=r"has no output 'hole' \[unknown_output\] Did you mean 'whole'"):
        parts.hole  # type: ignore[attr-defined]  # noqa: B018


def test_values_that_are_not_there_yet_are_not_made_up() -> None:
    with Workflow() as wf:
        one = number(1)
        entry: Any = wf.input("e", 1.0)
        for use in (
            lambda: bool(one),
            lambda: one == 1,
            lambda: one in [1, 2],
            lambda: f"about {one}",
            lambda: "yes" if entry else "no",
            lambda: one + 1,
            lambda: -one,
            lambda: int(one),
            lambda: range(one),  # type: ignore[arg-type]
        ):
            with pytest.raises(TypeError):
                use()
    with pytest.raises(TypeError, match=r"<number: plain.number> has no value before the workflow runs; to choose"):
        bool(one)
    assert f"{one!r} {entry!r} {wf.link('a.b')!r}" == "<number: plain.number> <input e = 1.0> <a.b>"
    assert not hasattr(one, "_repr_html_"), "a notebook shows it as it shows anything"


def test_nodes_of_unknown_packs_are_named_by_id() -> None:
    with Workflow() as wf:
        loaded = wf["one"] = wf.node("other.load", path="a.txt", sizes=(1, 2))
        passed(loaded.value)
        wf.node("other.save", value=loaded["odd output"], later=wf.link("end.value"), **{"odd input": None})
        with pytest.raises(WorkflowError, match=r"Name it: \.value, or whatever it is called"):
            passed(loaded)
        with pytest.raises(WorkflowError, match="a whole node"):
            _first, _second = loaded
    assert written(wf) == {
        "one": {"type": "other.load", "inputs": {"path": "a.txt", "sizes": [1, 2]}},
        "passed": {"type": "plain.pass", "inputs": {"value": link("one.value")}},
        "save": {
            "type": "other.save",
            "inputs": {"value": link("one.odd output"), "later": link("end.value"), "odd input": None},
        },
    }


# ------------------------------------------------------------------ what is wrong


@pytest.mark.parametrize(
    ("call", "code", "place", "told"),
    [
        (lambda: add(1.0, c=2), "unknown_input", "add.c", "has no input 'c' [unknown_input] Known: a, b."),
        (lambda: word(txt="x"), "unknown_input", "word.txt", "Did you mean 'text'?"),
        (lambda: add(1.0, 2.0, 3.0), "unknown_input", "add", "takes 2 values, and 3 were given"),
        (lambda: add(1.0, a=2.0), "invalid_value", "add.a", "given twice"),
        (lambda: add(1.0, context=None), "unknown_input", "add.context", "passed by the engine"),
        (add, "missing_input", "add.a", "Float is wanted"),
        (lambda: limited(steps=0), "invalid_value", "limited.steps", "greater than or equal to 1"),
        (lambda: limited(steps="many"), "invalid_value", "limited.steps", "valid integer"),
        (lambda: word(kind="middle"), "invalid_value", "word.kind", "'upper' or 'lower'"),
        (lambda: number(float("nan")), "invalid_value", "number.value", "cannot write nan"),
        (lambda: read(3), "invalid_value", "read.file", "named by its path"),
        (lambda: passed(Blob(b"x")), "invalid_value", "passed.value", "cannot write Blob"),
        (lambda: passed([number(1)]), "invalid_value", "passed.value", "within a list"),
        (lambda: passed({"$link": "a.b"}), "invalid_value", "passed.value", "wf.link"),
        (lambda: passed(blob()), "type_mismatch", "passed.value", "brings Blob from blob.blob, but Float is wanted"),
        (lambda: passed(Workflow().node("x.y").value), "unknown_node", "passed.value", "belongs to another workflow"),
        (
            lambda: passed(Workflow().input("x", 1.0)),
            "unknown_node",
            "passed.value",
            "the input 'x' belongs to another",
        ),
    ],
)
def test_a_wrong_call_is_refused_where_it_is_made(call: Any, code: str, place: str, told: str) -> None:
    with Workflow() as wf:
        with pytest.raises(WorkflowError) as caught:
            call()
        assert (problem(caught).code, problem(caught).place) == (code, place)
        assert told in str(problem(caught))
    assert set(written(wf)) <= {"blob", "number"}, "nothing was added"


def test_the_registry_proves_the_rest_but_for_files(registry: Registry) -> None:
    with Workflow() as wf:
        wf["word"] = word(text=read(wf.file("nowhere.txt")))
        wf.check(registry)
        wf["sum"] = add(wf.untyped(blob()))
        wf.node("plain.ad", a=1)
    with pytest.raises(WorkflowError) as caught:
        wf.check(registry)
    assert {(each.code, each.place) for each in caught.value.problems} == {
        ("unknown_node_type", "ad"),
        ("type_mismatch", "sum.a"),
    }


def test_it_is_saved_as_it_is_read(tmp_path: Path) -> None:
    with Workflow("Ü") as wf:
        limited(seed=Seed(2**64 - 1))
        write(read(wf.file(Path("a") / "b.txt")))
    wf.save(tmp_path / "made.json")
    assert load_workflow(tmp_path / "made.json") == wf.document()
    assert written(wf)["read"]["inputs"] == {"file": "a/b.txt"}
    assert json.loads((tmp_path / "made.json").read_text(encoding="utf-8"))["title"] == "Ü"


# ------------------------------------------------------------------ subgraphs


class Both(NamedTuple):
    once: float
    twice: float


async def test_a_subgraph_is_written_once_and_called_often(engine: Engine) -> None:
    with Workflow() as wf:
        with wf.subgraph("twice", title="Twice", own={"x-a": 1}) as twice:
            value = twice.input("value", 1.0)
            twice.output("sum", add(value, value))
            twice.arrange({"add": (1, 2)})
        first = wf["first"] = twice(value=number(3))
        wf.output("end", twice(value=first.sum))
        wf.output("default", twice())
    document = wf.document()
    assert list(document.nodes) == ["number", "first", "twice", "twice_2"]
    assert document.subgraphs["twice"].inputs["value"].to == ["add.a", "add.b"]
    run = engine.start(document, engine.plan(engine.resolve(document)), Path("unused"), lambda _: None)
    assert (await run.result()).outputs == {"end": 12.0, "default": 2.0}
    engine.close()


def test_a_function_is_a_subgraph_with_types() -> None:
    with Workflow() as wf:

        @wf.as_subgraph(title="Both")
        def both(value: float, more: float = 2.0) -> Both:
            return Both(passed(value), add(value, more))

        @wf.as_subgraph("inner-one")
        def inner(value: float) -> float:
            return both(value, more=4.0).twice

        @wf.as_subgraph()
        def parts(value: float) -> Any:
            return split(value)

        @wf.as_subgraph()
        def saved(text: str) -> None:
            write(text)

        once, _ = both(1.0, 3.0)
        inner(once)
        inner(parts(1.0).rest)
        saved("x")
    subgraphs = wf.to_json()["subgraphs"]
    assert {name: list(each.get("outputs", {})) for name, each in subgraphs.items()} == {
        "both": ["once", "twice"],
        "inner-one": ["twice"],
        "parts": ["whole", "rest"],
        "saved": [],
    }
    assert subgraphs["both"]["nodes"]["add"] == {"type": "plain.add", "inputs": {"b": 2.0}}
    assert subgraphs["inner-one"]["nodes"]["both"] == {"type": "subgraph:both", "inputs": {"more": 4.0}}
    assert written(wf)["both"]["inputs"] == {"value": 1.0, "more": 3.0}
    assert written(wf)["inner_one"]["inputs"] == {"value": link("both.once")}
    assert written(wf)["inner_one_2"]["inputs"] == {"value": link("parts.rest")}


def test_a_subgraph_sees_only_what_is_handed_to_it() -> None:
    with Workflow() as wf:
        outer = number(1)
        with wf.subgraph("a") as a:
            value = a.input("value", 1.0)
            with pytest.raises(WorkflowError, match=r"number\.value belongs to .*Hand it in through a named input"):
                passed(outer)
            with pytest.raises(WorkflowError, match="contains itself"):
                a()
            inner = passed(value)
        for wrong in (value, inner):
            with pytest.raises(WorkflowError, match="belongs to another"):
                passed(wrong)
        with pytest.raises(WorkflowError, match=r"has no input 'valu' .*Did you mean 'value'"):
            a(valu=1)
        with Workflow(), pytest.raises(WorkflowError, match="the subgraph 'a' belongs to another workflow"):
            a()
