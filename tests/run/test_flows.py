"""Sequences: what is made one after another is never there as a whole, and comes out the same."""

from collections.abc import Callable
from typing import Any

import plain_pack
import pytest
from documents import Nodes, link, workflow
from running import Execute, outputs

from graphengine.app import Engine
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.messages import TaskFailed
from graphengine.workflow.parse import workflow_from


def frames(count: int = 3, **nodes: Any) -> Nodes:
    return {"frames": ["plain.frames", {"count": count}], **nodes}


def test_a_generator_feeds_a_node_that_takes_a_sequence(run: Execute) -> None:
    nodes = frames(5, sizes=["plain.sizes", {"blobs": link("frames.blobs")}])
    ran = run(workflow(nodes, outputs=outputs("sizes.value")))
    assert ran.outputs == {"sizes_value": 5_000}
    assert ran.started == ["sizes"], "what flows runs within who takes it"


def test_a_node_for_single_items_is_called_for_each(run: Execute) -> None:
    nodes: Nodes = {
        "n": ["plain.naturals", {"count": 4}],
        "add": ["plain.add", {"a": link("n.values"), "b": 10}],
        "sum": ["plain.sum_up", {"values": link("add.values")}],
    }
    nodes["sum"] = ["plain.sum_up", {"values": link("add.value")}]
    assert run(workflow(nodes, outputs=outputs("sum.value"))).outputs == {"sum_value": 46.0}


def test_a_long_sequence_is_never_there_as_a_whole(run: Execute, engine: Engine) -> None:
    look = {f"look{i}": ["plain.look", {"blob": link(f"look{i - 1}.blob" if i else "frames.blobs")}] for i in range(3)}
    nodes = frames(2_000, **look, sizes=["plain.sizes", {"blobs": link("look2.blob")}])
    assert run(workflow(nodes, outputs=outputs("sizes.value"))).outputs == {"sizes_value": 2_000_000}
    assert engine.services[plain_pack.Calls].most_alive <= 3


def test_two_ways_of_one_sequence_pair_up_again(run: Execute, engine: Engine) -> None:
    nodes: Nodes = {
        "n": ["plain.naturals", {"count": 1000}],
        "twice": ["plain.add", {"a": link("n.values"), "b": 1}],
        "both": ["plain.add", {"a": link("twice.value"), "b": link("n.values")}],
        "sum": ["plain.sum_up", {"values": link("both.value")}],
    }
    assert run(workflow(nodes, outputs=outputs("sum.value"))).outputs == {"sum_value": 1000.0 * 1000}


def test_a_generator_may_take_a_sequence_and_change_its_length(run: Execute) -> None:
    nodes: Nodes = {
        "n": ["plain.naturals", {"count": 3}],
        "more": ["plain.between", {"values": link("n.values")}],
    }
    ran = run(workflow(nodes, outputs=outputs("more.values")))
    assert ran.outputs == {"more_values": [0.0, 0.5, 1.0, 1.5, 2.0]}, "asked for as a whole, it becomes a list"


def test_a_sequence_into_a_list_is_collected(run: Execute) -> None:
    nodes: Nodes = {
        "n": ["plain.naturals", {"count": 3}],
        "total": ["plain.total", {"values": link("n.values")}],
    }
    assert run(workflow(nodes, outputs=outputs("total.value"))).outputs == {"total_value": 3.0}


def test_a_list_into_a_sequence_comes_item_by_item(run: Execute) -> None:
    nodes: Nodes = {
        "list": ["plain.numbers", {"values": [1, 2]}],
        "n": ["plain.naturals", {"count": 2}],
        "sum": ["plain.sum_up", {"values": link("list.values")}],
        "pairs": ["plain.add", {"a": link("list.values"), "b": link("n.values")}],
    }
    ran = run(workflow(nodes, outputs=outputs("sum.value", "pairs.value")))
    assert ran.outputs == {"sum_value": 3.0, "pairs_value": [1.0, 3.0]}


def test_who_needs_little_takes_little_and_the_generator_is_closed(run: Execute, engine: Engine) -> None:
    nodes = frames(10**9, head=["plain.head", {"blobs": link("frames.blobs"), "count": 2}])
    ran = run(workflow(nodes, outputs=outputs("head.blobs")))
    assert [each.content[0] for each in ran.outputs["head_blobs"]] == [0, 1]
    assert engine.services[plain_pack.Calls].names == ["opened", "closed"]


def test_what_is_made_of_a_sequence_is_cached(run: Execute) -> None:
    nodes = frames(5, sizes=["plain.sizes", {"blobs": link("frames.blobs")}])
    document = workflow(nodes, outputs=outputs("sizes.value"))
    run(document)
    assert run(document).started == []
    nodes["frames"][1]["count"] = 6
    assert run(workflow(nodes, outputs=outputs("sizes.value"))).outputs == {"sizes_value": 6_000}


def test_sequences_of_unequal_length_fail_where_one_ends(run: Execute) -> None:
    nodes: Nodes = {
        "a": ["plain.naturals", {"count": 3}],
        "b": ["plain.naturals", {"count": 4}],
        "add": ["plain.add", {"a": link("a.values"), "b": link("b.values")}],
        "sum": ["plain.sum_up", {"values": link("add.value")}],
    }
    ran = run(workflow(nodes, outputs=outputs("sum.value")))
    (failed,) = [event for event in ran.events if isinstance(event, TaskFailed)]
    assert (failed.task, failed.failure.code) == ("sum", "unequal_lengths")


def test_a_failing_item_fails_the_call(run: Execute) -> None:
    nodes: Nodes = {
        "n": ["plain.naturals", {"count": 5}],
        "fail": ["plain.fail_at", {"value": link("n.values"), "bad": 3}],
        "sum": ["plain.sum_up", {"values": link("fail.value")}],
    }
    ran = run(workflow(nodes, outputs=outputs("sum.value")))
    (failed,) = [event for event in ran.events if isinstance(event, TaskFailed)]
    assert (failed.task, failed.failure.message) == ("sum", "this is the one")


def test_sinks_within_a_sequence_run_for_each_item(run: Execute, tmp_path: Any) -> None:
    nodes: Nodes = {
        "n": ["plain.naturals", {"count": 3}],
        "show": ["plain.show", {"value": link("n.values")}],
        "write": ["plain.write", {"text": link("show.value"), "name": "n"}],
    }
    assert run(workflow(nodes)).status == "done"
    assert sorted(path.read_text() for path in (tmp_path / "out").iterdir()) == ["0.0", "1.0", "2.0"]


def test_a_sequence_in_the_turn_of_a_loop(run: Execute) -> None:
    inner = {
        "inputs": {"count": {"to": ["n.count"]}},
        "outputs": {"sum": {"from": "sum.value"}, "all": {"from": "n.values"}},
        "nodes": {
            "n": {"type": "plain.naturals", "inputs": {"count": 0}},
            "sum": {"type": "plain.sum_up", "inputs": {"values": link("n.values")}},
        },
    }
    document = workflow({"d": ["plain.digits", {"value": 234}]}, subgraphs={"inner": inner}).to_json()
    document["nodes"]["loop"] = {"type": "subgraph:inner", "map": "zip", "inputs": {"count": link("d.values")}}
    document["outputs"] = outputs("loop.sum", "loop.all")
    ran = run(workflow_from(document))
    assert ran.outputs == {"loop_sum": [1.0, 3.0, 6.0], "loop_all": [[0, 1], [0, 1, 2], [0, 1, 2, 3]]}


def test_a_sequence_cannot_be_taken_apart_by_a_loop(problems: Callable[..., Any]) -> None:
    nodes: Nodes = {
        "list": ["plain.numbers", {"values": [1, 2]}],
        "n": ["plain.naturals", {"count": 2}],
        "t": ["plain.sum_up_to", {"limit": link("list.values"), "values": link("n.values")}],
    }
    (found,) = problems(nodes)
    assert (found.code, found.place) == ("type_mismatch", "t.values")


@pytest.mark.parametrize("executor", ["inline", "thread", "process", "ray"])
def test_sequences_and_lists_are_the_same_in_every_executor(
    engine: Engine, run: Execute, executor: str, request: pytest.FixtureRequest
) -> None:
    if executor == "inline":
        vars(engine)["executor"] = InlineExecutor(engine.registry, engine.services)
    elif executor in {"process", "ray"}:
        vars(engine)["executor"] = request.getfixturevalue("processes" if executor == "process" else "rays")
    nodes = frames(
        3,
        look=["plain.look", {"blob": link("frames.blobs")}],
        bytes=["plain.first_byte", {"blob": link("look.blob")}],
        many=["plain.blobs", {"count": 3, "length": 200_000}],
        each=["plain.first_byte", {"blob": link("many.blobs")}],
        sum=["plain.total", {"values": link("bytes.value")}],
        blob=["plain.blob", {}],
        switch=["plain.choose", {"first": True, "yes": link("blob.blob"), "no": 0}],
    )
    ran = run(workflow(nodes, outputs=outputs("each.value", "sum.value", "look.blob", "switch.value")))
    assert (ran.status, ran.outputs["each_value"], ran.outputs["sum_value"]) == ("done", [0, 1, 2], 3.0)
    assert [each.content[0] for each in ran.outputs["look_blob"]] == [0, 1, 2]
    assert isinstance(ran.outputs["switch_value"], plain_pack.Blob), "what is of any type has the codec of its own"
