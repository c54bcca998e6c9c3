"""Every problem that a document can have, at its place, with its hint; and all of them at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from documents import chain, link, workflow

from graphengine.app import Engine
from graphengine.errors import Problem
from graphengine.workflow.suggest import did_you_mean

Find = Callable[..., list[Problem]]


def one(found: list[Problem]) -> tuple[str, str]:
    assert len(found) == 1, found
    return found[0].code, found[0].place


def test_a_good_document_becomes_a_graph(engine: Engine) -> None:
    graph = engine.resolve(
        workflow(
            {
                "sum": ["plain.add", {"a": link("one.value"), "b": 2}],
                "one": ["plain.number", {"value": 1}],
            },
            outputs={"total": {"from": "sum.value"}},
        )
    )
    assert list(graph.nodes) == ["one", "sum"], "in an order in which needs come first"
    assert graph.nodes["sum"].constants == {"b": 2.0}
    assert list(graph.dag.edges) == [("one", "sum")]


def test_an_unknown_node_type_names_a_similar_one(problems: Find) -> None:
    found = problems({"a": ["plain.nummber", {}]})
    assert one(found) == ("unknown_node_type", "a")
    assert found[0].hint == "Did you mean 'plain.number'?"


def test_an_unknown_input_names_a_similar_one(problems: Find) -> None:
    found = problems({"a": ["plain.limited", {"stepz": 3}]})
    assert one(found) == ("unknown_input", "a.stepz")
    assert found[0].hint == "Did you mean 'steps'?"


def test_a_missing_input_is_wanted(problems: Find) -> None:
    found = problems({"a": ["plain.pass", {}]})
    assert one(found) == ("missing_input", "a.value")


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"steps": 0}, "greater than or equal to 1; 0 was given"),
        ({"steps": 101}, "less than or equal to 100; 101 was given"),
        ({"steps": 3.9}, "valid integer; 3.9 was given"),
        ({"steps": "20"}, "valid integer; '20' was given"),
        ({"switch": "false"}, "valid boolean; 'false' was given"),
        ({"switch": 0}, "valid boolean; 0 was given"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"steps": None}, "valid integer; None was given"),
        ({"steps": [1]}, "valid integer"),
        ({"steps": {"$link": 7}}, "a link is written"),
    ],
)
def test_a_bad_value_says_what_was_wanted_and_given(problems: Find, inputs: dict[str, Any], reason: str) -> None:
    found = problems({"a": ["plain.limited", inputs]})
    assert one(found) == ("invalid_value", f"a.{next(iter(inputs))}")
    assert reason in found[0].message


@pytest.mark.parametrize(
    ("steps", "values"), [(0, {"value": "0", "wanted": "≥ 1"}), (101, {"value": "101", "wanted": "≤ 100"}), ("20", {})]
)
def test_a_bound_is_told_in_signs(problems: Find, steps: object, values: dict[str, str]) -> None:
    assert dict(problems({"a": ["plain.limited", {"steps": steps}]})[0].values) == values


def test_a_choice_names_what_there_is(problems: Find) -> None:
    found = problems({"a": ["plain.word", {"kind": "uper"}]})
    assert one(found) == ("invalid_value", "a.kind")
    assert "'upper' or 'lower'" in found[0].message


def test_a_link_from_nowhere(problems: Find) -> None:
    found = problems({"a": ["plain.pass", {"value": link("bb.value")}], "b": ["plain.number", {}]})
    assert one(found) == ("unknown_node", "a.value")
    assert found[0].hint == "Did you mean 'b'?"


def test_a_dangling_link_off_the_wanted_path_is_found_too(problems: Find) -> None:
    nodes = {"good": ["plain.number", {}], "bad": ["plain.pass", {"value": link("none.value")}]}
    assert one(problems(nodes, outputs={"o": {"from": "good.value"}})) == ("unknown_node", "bad.value")


def test_a_link_from_an_output_that_is_not_there(problems: Find) -> None:
    found = problems({"a": ["plain.split", {"value": 1.5}], "b": ["plain.pass", {"value": link("a.hole")}]})
    assert one(found) == ("unknown_output", "b.value")
    assert found[0].hint == "Did you mean 'whole'?"


def test_a_link_of_the_wrong_type_says_both(problems: Find) -> None:
    found = problems({"a": ["plain.word", {}], "b": ["plain.pass", {"value": link("a.value")}]})
    assert one(found) == ("type_mismatch", "b.value")
    assert found[0].message == "the link brings String from a.value, but Float is wanted"


def test_a_cycle_is_shown(problems: Find) -> None:
    names = ["a", "b", "c"]
    nodes = {name: ["plain.pass", {"value": link(f"{names[i - 1]}.value")}] for i, name in enumerate(names)}
    found = problems(nodes)
    assert found[0].code == "cycle"
    assert "a → b → c → a" in found[0].message or "→" in found[0].message


def test_a_node_that_feeds_itself_is_a_cycle(problems: Find) -> None:
    assert one(problems({"a": ["plain.pass", {"value": link("a.value")}]})) == ("cycle", "a")


def test_named_inputs_and_outputs_lead_somewhere(problems: Find) -> None:
    found = problems(
        {"a": ["plain.number", {}]},
        inputs={"p": {"to": ["a.valu"]}, "q": {"to": ["z.value"]}},
        outputs={"o": {"from": "a.image"}, "r": {"from": "z.value"}},
    )
    assert [(each.code, each.place) for each in found] == [
        ("unknown_input", "a.valu"),
        ("unknown_node", "workflow"),
        ("unknown_output", "a.image"),
        ("unknown_node", "workflow"),
    ]


def test_an_empty_workflow_has_nothing_to_do(problems: Find) -> None:
    assert one(problems({})) == ("nothing_to_do", "workflow")


def test_all_problems_come_at_once(problems: Find) -> None:
    found = problems(
        {
            "a": ["plain.nothing", {}],
            "b": ["plain.limited", {"steps": 0, "other": 1}],
            "c": ["plain.pass", {}],
            "d": ["plain.pass", {"value": link("x.y")}],
            "e": ["plain.pass", {"value": link("a.value")}],
        }
    )
    assert {each.place for each in found} == {"a", "b.steps", "b.other", "c.value", "d.value"}


def test_only_the_first_problems_have_hints(problems: Find) -> None:
    nodes = {"n": ["plain.number", {}], **{f"a{i}": ["plain.pass", {"value": link("nn.value")}] for i in range(60)}}
    hints = [each.hint for each in problems(nodes)]
    assert hints == ["Did you mean 'n'?"] * 50 + [""] * 10


def test_an_offer_fits_and_makes_no_cycle(problems: Find) -> None:
    nodes = {
        "choose": ["plain.choose", {"first": True, "yes": link("made.blob"), "no": 1}],
        "made": ["plain.blob", {}],
        "look": ["plain.look", {}],
        "other": ["plain.look", {"blob": link("look.blob")}],
    }
    found = problems(nodes)
    assert one(found) == ("missing_input", "look.blob")
    assert found[0].hint == "Connect choose.value or made.blob."


def test_of_few_names_all_are_known() -> None:
    assert did_you_mean("q", ["aa", "bb"]) == "Known: aa, bb."
    assert did_you_mean("q", []) == did_you_mean("q", "abcdefghi") == ""


def test_among_very_many_names_a_like_one_is_found() -> None:
    assert did_you_mean("nodee", [*(f"other{i}" for i in range(10_000)), "node"]) == "Did you mean 'node'?"


def test_files_are_found_in_their_roots(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "inputs" / "a.txt").write_text("hello")
    graph = engine.resolve(workflow({"read": ["plain.read", {"file": "a.txt"}]}))
    assert graph.nodes["read"].constants["file"].path.read_text() == "hello"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("b.txt", "file_not_found"),
        ("../secret", "file_refused"),
        ("/etc/passwd", "file_refused"),
        (7, "invalid_value"),
    ],
)
def test_a_file_that_is_not_there_or_not_allowed(problems: Find, reference: Any, code: str) -> None:
    assert one(problems({"read": ["plain.read", {"file": reference}]})) == (code, "read.file")


def test_a_link_of_text_does_not_name_a_file(problems: Find) -> None:
    found = problems({"a": ["plain.word", {}], "read": ["plain.read", {"file": link("a.value")}]})
    assert one(found) == ("type_mismatch", "read.file")


def test_a_chain_of_ten_thousand_is_legal(engine: Engine) -> None:
    assert len(engine.resolve(chain(10_000)).nodes) == 10_000


def test_resolving_leaves_the_document_as_it_was(engine: Engine) -> None:
    document = chain(5)
    before = document.to_json()
    engine.resolve(document)
    assert document.to_json() == before
