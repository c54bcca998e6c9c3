"""Lists into single sockets, and subgraphs that are repeated: what runs, what comes out, and what is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from documents import GROW, SQUARE, Nodes, link, workflow
from running import Execute, outputs

from graphengine.app import Engine
from graphengine.run.messages import TaskExpanded, TaskFailed, TaskSkipped
from graphengine.workflow.document import Workflow


def each(values: list[float], **nodes: Any) -> Nodes:
    return {"list": ["plain.numbers", {"values": values}], **nodes}


# ------------------------------------------------------------------ lists


def test_a_list_into_a_single_socket_maps_the_node(run: Execute) -> None:
    nodes = each([1, 2, 3], add=["plain.add", {"a": link("list.values"), "b": 10}])
    ran = run(workflow(nodes, outputs=outputs("add.value")))
    assert ran.outputs == {"add_value": [11.0, 12.0, 13.0]}
    assert sorted(ran.started) == ["add[0]", "add[1]", "add[2]", "list"]


def test_items_are_converted_on_the_way(run: Execute) -> None:
    nodes: Nodes = {
        "digits": ["plain.digits", {"value": 407}],
        "add": ["plain.add", {"a": link("digits.values")}],
    }
    assert run(workflow(nodes, outputs=outputs("add.value"))).outputs == {"add_value": [4.0, 0.0, 7.0]}


def test_a_list_where_a_list_is_wanted_comes_whole(run: Execute) -> None:
    nodes = each(
        [1, 2, 3],
        add=["plain.add", {"a": link("list.values"), "b": 1}],
        total=["plain.total", {"values": link("add.value")}],
    )
    assert run(workflow(nodes, outputs=outputs("total.value"))).outputs == {"total_value": 9.0}


def test_lists_pair_up(run: Execute) -> None:
    nodes = each(
        [1, 2],
        more=["plain.count", {"count": 2, "start": 5}],
        add=["plain.add", {"a": link("list.values"), "b": link("more.values")}],
    )
    assert run(workflow(nodes, outputs=outputs("add.value"))).outputs == {"add_value": [6.0, 8.0]}


def test_a_product_takes_every_combination_the_first_input_slowest(run: Execute) -> None:
    nodes = each([1, 2], more=["plain.numbers", {"values": [10, 20, 30]}])
    document = workflow(nodes, outputs=outputs("add.value")).to_json()
    document["nodes"]["add"] = {
        "type": "plain.add",
        "inputs": {"a": link("list.values"), "b": link("more.values")},
        "map": "product",
    }
    ran = run(Workflow.model_validate(document))
    assert ran.outputs == {"add_value": [11.0, 21.0, 31.0, 12.0, 22.0, 32.0]}


def test_an_empty_list_gives_an_empty_list(run: Execute) -> None:
    nodes = each([], add=["plain.add", {"a": link("list.values")}], t=["plain.total", {"values": link("add.value")}])
    ran = run(workflow(nodes, outputs=outputs("add.value", "t.value")))
    assert (ran.status, ran.outputs) == ("done", {"add_value": [], "t_value": 0.0})


def test_each_item_goes_through_the_whole_chain_before_the_next(engine: Engine, run: Execute) -> None:
    nodes = each(
        [1, 2, 3],
        a=["plain.pass", {"value": link("list.values")}],
        b=["plain.pass", {"value": link("a.value"), "tag": 1}],
        c=["plain.pass", {"value": link("b.value"), "tag": 2}],
    )
    object.__setattr__(engine, "settings", engine.settings.model_copy(update={"cpu_slots": 1}))
    started = run(workflow(nodes, outputs=outputs("c.value"))).started
    assert started == ["list", *(f"{name}[{index}]" for index in range(3) for name in "abc")]


def test_a_changed_item_runs_alone(run: Execute) -> None:
    def document(values: list[float]) -> Workflow:
        nodes = each(
            values,
            a=["plain.add", {"a": link("list.values"), "b": 1}],
            b=["plain.add", {"a": link("a.value"), "b": 2}],
            t=["plain.total", {"values": link("b.value")}],
        )
        return workflow(nodes, outputs=outputs("t.value"))

    run(document([1, 2, 3, 4]))
    ran = run(document([1, 2, 7, 4]))
    assert sorted(ran.started) == ["a[2]", "b[2]", "list", "t"]
    assert ran.outputs == {"t_value": 26.0}
    assert run(document([1, 2, 7, 4])).started == []


def test_items_of_a_list_nobody_knew_are_cached_by_their_place(run: Execute) -> None:
    def document(tag: int) -> Workflow:
        nodes: Nodes = {
            "digits": ["plain.digits", {"value": 123}],
            "add": ["plain.add", {"a": link("digits.values")}],
            "end": ["plain.pass", {"value": link("add.value"), "tag": tag}],
        }
        return workflow(nodes, outputs=outputs("end.value"))

    assert len(run(document(0)).started) == 7
    assert run(document(1)).started == ["end[0]", "end[1]", "end[2]"]


def test_one_failing_item_stops_what_takes_the_list_whole(run: Execute) -> None:
    nodes = each(
        [1, 2, 3],
        fail=["plain.fail_at", {"value": link("list.values"), "bad": 2}],
        after=["plain.pass", {"value": link("fail.value")}],
        t=["plain.total", {"values": link("after.value")}],
    )
    ran = run(workflow(nodes, outputs=outputs("t.value")), keep_going=True)
    assert ran.status == "failed"
    assert [event.task for event in ran.events if isinstance(event, TaskFailed)] == ["fail[1]"]
    skipped = {event.task for event in ran.events if isinstance(event, TaskSkipped)}
    assert {"after[1]", "after", "t"} <= skipped


def test_with_keep_going_the_other_items_of_a_target_are_finished(run: Execute, tmp_path: Path) -> None:
    nodes: Nodes = {
        "list": ["plain.numbers", {"values": [1, 2, 3]}],
        "fail": ["plain.fail_at", {"value": link("list.values"), "bad": 1}],
        "text": ["plain.show", {"value": link("fail.value")}],
        "write": ["plain.write", {"text": link("text.value"), "name": "n"}],
    }
    ran = run(workflow(nodes), keep_going=True)
    assert ran.status == "failed"
    assert sorted(path.read_text() for path in (tmp_path / "out").iterdir()) == ["2.0", "3.0"]


def test_lists_that_pair_must_be_equally_long_and_it_is_known_before(problems: Callable[..., Any]) -> None:
    nodes = each([1, 2, 3], more=["plain.count", {"count": 2}])
    nodes["a"] = ["plain.pass", {"value": link("list.values")}]
    nodes["add"] = ["plain.add", {"a": link("a.value"), "b": link("more.values")}]
    (found,) = problems(nodes)
    assert (found.code, found.place) == ("unequal_lengths", "add")
    assert "'a' has 3, 'b' has 2" in found.message
    assert "product" in found.hint


def test_lengths_that_only_the_run_knows_fail_there(run: Execute) -> None:
    nodes = each([1, 2], digits=["plain.digits", {"value": 123}])
    nodes["add"] = ["plain.add", {"a": link("list.values"), "b": link("digits.values")}]
    ran = run(workflow(nodes, outputs=outputs("add.value")))
    assert ran.status == "failed"
    (failed,) = [event for event in ran.events if isinstance(event, TaskFailed)]
    assert (failed.task, failed.failure.code) == ("add", "unequal_lengths")


def test_a_list_of_another_type_is_a_mismatch(problems: Callable[..., Any]) -> None:
    nodes = each([1.0], word=["plain.word", {"text": link("list.values")}])
    (found,) = problems(nodes)
    assert (found.code, found.place) == ("type_mismatch", "word.text")


# ------------------------------------------------------------------ subgraphs for each item


def repeated(nodes: Nodes, name: str, node: dict[str, Any], subgraphs: dict[str, Any], **rest: Any) -> Workflow:
    document = workflow(nodes, subgraphs=subgraphs, **rest).to_json()
    document["nodes"][name] = node
    return Workflow.model_validate(document)


def test_a_subgraph_runs_for_each_item(run: Execute) -> None:
    loop = {"type": "subgraph:square", "inputs": {"value": link("list.values"), "plus": 5}, "map": "zip"}
    ran = run(
        repeated(each([1, 2]), "loop", loop, {"square": SQUARE}, outputs={"out": {"from": "list.values"}}), "loop"
    )
    assert sorted(ran.started) == ["list", "loop[0]/one", "loop[0]/two", "loop[1]/one", "loop[1]/two"]
    assert [(e.task, e.turns) for e in ran.events if isinstance(e, TaskExpanded)] == [("loop", 2)]


def test_what_takes_from_a_repeated_subgraph_takes_lists(run: Execute) -> None:
    loop = {"type": "subgraph:square", "inputs": {"value": link("list.values"), "plus": link("n.value")}, "map": "zip"}
    nodes = each([1, 2], n=["plain.number", {"value": 5}])
    nodes["t"] = ["plain.total", {"values": link("loop.sum")}]
    nodes["m"] = ["plain.add", {"a": link("loop.sum"), "b": 0.5}]
    ran = run(repeated(nodes, "loop", loop, {"square": SQUARE}, outputs=outputs("t.value", "m.value")))
    assert ran.outputs == {"t_value": 26.0, "m_value": [12.5, 14.5]}


def test_loops_lie_within_loops(run: Execute) -> None:
    inner = {
        "inputs": {"value": {"to": ["digits.value"]}},
        "outputs": {"sum": {"from": "total.value"}},
        "nodes": {
            "digits": {"type": "plain.digits", "inputs": {"value": 0}},
            "twice": {"type": "subgraph:square", "map": "zip", "inputs": {"value": link("digits.values"), "plus": 0}},
            "total": {"type": "plain.total", "inputs": {"values": link("twice.sum")}},
        },
    }
    loop = {"type": "subgraph:inner", "inputs": {"value": link("list.values")}, "map": "zip"}
    nodes = each([12, 345], t=["plain.total", {"values": link("loop.sum")}])
    document = repeated(nodes, "loop", loop, {"inner": inner, "square": SQUARE}, outputs=outputs("t.value"))
    ran = run(document)
    assert ran.outputs == {"t_value": 2.0 * (1 + 2 + 3 + 4 + 5)}
    assert "loop[1]/twice[2]/two" in ran.started
    assert run(document).started == []


def test_what_is_wrong_inside_is_found_before(problems: Callable[..., Any], engine: Engine) -> None:
    wrong = {**SQUARE, "nodes": {**SQUARE["nodes"], "two": {"type": "plain.add", "inputs": {"a": "x", "b": 1}}}}
    loop = {"type": "subgraph:wrong", "inputs": {"value": link("list.values")}, "map": "zip"}
    document = repeated(each([1]), "loop", loop, {"wrong": wrong})
    with pytest.raises(Exception, match=r"loop/two\.a: .*\[invalid_value\]"):
        engine.resolve(document)


def test_a_loop_without_a_list_is_a_problem(engine: Engine) -> None:
    loop = {"type": "subgraph:square", "inputs": {"value": 1}, "map": "zip"}
    with pytest.raises(Exception, match=r"loop: `map` is given, and no list comes in \[invalid_value\]"):
        engine.resolve(repeated(each([1]), "loop", loop, {"square": SQUARE}))


def test_a_subgraph_that_repeats_itself_is_a_problem(engine: Engine) -> None:
    loop = {"type": "subgraph:self", "inputs": {"value": link("list.values")}, "map": "zip"}
    inner = {
        "inputs": {"value": {"to": ["d.value"]}},
        "outputs": {},
        "nodes": {
            "d": {"type": "plain.digits", "inputs": {"value": 1}},
            "again": {"type": "subgraph:self", "inputs": {"value": link("d.values")}, "map": "zip"},
        },
    }
    with pytest.raises(Exception, match="contains itself"):
        engine.resolve(repeated(each([1]), "loop", loop, {"self": inner}))


# ------------------------------------------------------------------ while


def growing(start: Any = 1, **loop: Any) -> Workflow:
    node = {
        "type": "subgraph:grow",
        "inputs": {"value": start},
        "loop": {"while": "again", "carry": {"value": "value"}, **loop},
    }
    nodes: Nodes = {"start": ["plain.number", {"value": 1}]}
    document = workflow(nodes, subgraphs={"grow": GROW}).to_json()
    document["nodes"] |= {"loop": node, "end": {"type": "plain.pass", "inputs": {"value": link("loop.twice")}}}
    document["outputs"] = outputs("end.value", "loop.value")
    return Workflow.model_validate(document)


@pytest.mark.parametrize("start", [1, link("start.value")])
def test_a_loop_goes_on_while_its_condition_holds(run: Execute, start: Any) -> None:
    ran = run(growing(start))
    assert ran.outputs == {"end_value": 20.0, "loop_value": 10.0}
    assert [name for name in ran.started if name.endswith("grow")] == [f"loop[{turn}]/grow" for turn in range(3)]
    assert [name for name in ran.started if name.endswith("double")] == ["loop[2]/double"], "only the last is wanted"
    assert run(growing(start)).started == []


def test_a_loop_stops_at_its_limit(run: Execute) -> None:
    assert run(growing(limit=2)).outputs == {"end_value": 14.0, "loop_value": 7.0}


def test_a_while_loop_in_a_for_each_loop(run: Execute) -> None:
    outer = {
        "inputs": {"from": {"to": ["loop.value"]}},
        "outputs": {"value": {"from": "loop.value"}},
        "nodes": {"loop": growing().to_json()["nodes"]["loop"]},
    }
    loop = {"type": "subgraph:outer", "inputs": {"from": link("list.values")}, "map": "zip"}
    nodes = each([1, 2, 3], t=["plain.pass", {"value": link("outer.value")}])
    ran = run(repeated(nodes, "outer", loop, {"outer": outer, "grow": GROW}, outputs=outputs("t.value")))
    assert ran.outputs == {"t_value": [10.0, 11.0, 12.0]}


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ({"while": "agian"}, r"`loop` names the output 'agian' \[unknown_output\] Did you mean 'again'\?"),
        ({"while": "value"}, r"goes on while 'value' is true, but that is Float \[type_mismatch\]"),
        ({"carry": {"valeu": "value"}}, r"`carry` names the input 'valeu' \[unknown_input\] Did you mean 'value'\?"),
    ],
)
def test_what_is_wrong_with_a_loop_is_said_at_its_node(engine: Engine, loop: dict[str, Any], message: str) -> None:
    with pytest.raises(Exception, match=message):
        engine.resolve(growing(**loop))


def test_a_loop_of_a_plain_node_is_a_problem(engine: Engine) -> None:
    document = growing().to_json()
    document["nodes"]["end"]["loop"] = {"while": "value"}
    with pytest.raises(Exception, match="only a subgraph can be repeated"):
        engine.resolve(Workflow.model_validate(document))
