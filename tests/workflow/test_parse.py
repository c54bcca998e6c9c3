import json
from typing import Any

import pytest
from documents import chain
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from graphengine.errors import Problem, WorkflowError
from graphengine.workflow.document import Socket, Workflow, json_schema, link_of
from graphengine.workflow.migrate import migrate
from graphengine.workflow.parse import parse_json, parse_workflow

HEAD = {"format": "graphengine.workflow", "version": 1}


def problem(text: str | bytes) -> Problem:
    with pytest.raises(WorkflowError) as caught:
        parse_workflow(text)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def document(**fields: Any) -> str:
    return json.dumps({**HEAD, **fields})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"a": 1,}', "not JSON"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": -Infinity}', "-Infinity is not a JSON number"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("[" * 101 + "]" * 101, "nested too deeply"),
        ('{"a":' * 101 + "{}" + "}" * 101, "nested too deeply"),
        ("[" * 20_000 + "1.5" + "]" * 20_000, "nested too deeply"),
        ('{"a": 1e400}', "the number '1e400' is too large"),
        ('{"a": [-1.5E+999]}', "the number '-1.5E+999' is too large"),
        (f'{{"a": {"9" * 400}.0}}', "9... is too large"),
        ('{"a": "\\ud800"}', "half a surrogate pair"),
        ('{"a": {"\\uDFff": 1}}', "half a surrogate pair"),
        ('{"a": ["\\udc00\\ud800"]}', "half a surrogate pair"),
        ('{"a": "\udcff"}', "half a surrogate pair"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8: byte 7"),
        (f'{{"{"k" * 500}": 1, "{"k" * 500}": 2}}', f"the key '{'k' * 56}... stands twice"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (" " * (64 * 2**20 + 1), "larger than 64 MiB"),
    ],
)
def test_what_is_not_json_is_one_clear_problem(text: str | bytes, reason: str) -> None:
    found = problem(text)
    assert found.code == "malformed_json"
    assert reason in found.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\\\ud800"', "\\ud800"),
        ("1e300", 1e300),
        ("9" * 400, 10**400 - 1),
        ("[" * 100 + "]" * 100, None),
        ("[" * 100 + "1" + "]" * 100, None),
        ('"\u00e4"'.encode("utf-16"), "\u00e4"),
    ],
)
def test_what_only_looks_wrong_is_read(text: str | bytes, value: Any) -> None:
    assert value is None or parse_json(text) == value


@pytest.mark.parametrize("field", ["format", "version", "k" * 70_000])
def test_messages_do_not_repeat_all_that_was_given(field: str) -> None:
    for value in ("x" * 70_000, ["x"] * 70_000):
        found = problem(json.dumps({**HEAD, field: value}))
        assert len(str(found)) < 300
    assert len(str(problem(json.dumps({**HEAD, "nodes": {"n": {"type": "x.y", "mode": "x" * 70_000}}})))) < 300
    assert len(str(problem(json.dumps({**HEAD, "nodes": {"n" * 70_000: {"type": "x.y"}}})))) < 400


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("[]", "malformed_document", "a JSON object"),
        ("{}", "malformed_document", "its 'format' is None"),
        ('{"format": "other", "version": 1}', "malformed_document", "'other'"),
        ('{"format": "graphengine.workflow"}', "unsupported_version", "None"),
        ('{"format": "graphengine.workflow", "version": true}', "unsupported_version", "True"),
        ('{"format": "graphengine.workflow", "version": "1"}', "unsupported_version", "'1'"),
        ('{"format": "graphengine.workflow", "version": 2}', "unsupported_version", "reads up to 1"),
        (document(nodes=[]), "malformed_document", "nodes"),
        (document(nodez={}), "malformed_document", "unknown field 'nodez'"),
        (document(nodes={"a": {}}), "malformed_document", "type: Field required"),
        (document(nodes={"a": {"type": 7}}), "malformed_document", "type"),
        (
            document(nodes={"a": {"type": "x.y", "inputz": {}}}),
            "malformed_document",
            "unknown field 'inputz'",
        ),
        (document(nodes={"a": {"type": "x.y", "mode": "off"}}), "malformed_document", "mode"),
        (document(nodes={"__proto__": {"type": "x.y"}}), "malformed_document", "a name is 1 to 64 letters"),
        (document(nodes={"a.b": {"type": "x.y"}}), "malformed_document", "a name is 1 to 64 letters"),
        (document(inputs={"p": {"to": []}}), "malformed_document", "at least 1 item"),
        (document(inputs={"p": {"to": ["nodot"]}}), "malformed_document", "to.0: an address is written node.socket"),
        (document(outputs={"o": {}}), "malformed_document", "from: Field required"),
        (document(view={"zoom": 1}), "malformed_document", "view: unknown field 'zoom'"),
    ],
)
def test_what_is_not_a_workflow_is_one_clear_problem(text: str, code: str, reason: str) -> None:
    found = problem(text)
    assert (found.code, reason in found.message) == (code, True), found


def test_a_fault_of_a_node_is_addressed_to_it() -> None:
    assert problem(document(nodes={"a": {"type": 7}})).node == "a"


def test_all_faults_of_the_form_come_at_once() -> None:
    text = document(
        nodez=1,
        xtra=2,
        nodes={"a": {"type": 7, "inputz": {}, "extra": 1, "x-mine": 1}, "a.b": {"type": "x.y"}, "c": []},
        inputs={"p": {"to": [], "too": []}},
        outputs={"o": {"from": "a.b", "from_": "a.b"}},
        subgraphs={"s": {"nodes": {"i": {"tipe": "x.y"}}, "subgraphs": {}, "view": {"zoom": 1}}},
    )
    with pytest.raises(WorkflowError) as caught:
        parse_workflow(text)
    own = "(own fields begin with 'x-')"
    assert sorted((each.place, each.message) for each in caught.value.problems) == sorted(
        [
            ("workflow", f"unknown field 'nodez' {own}"),
            ("workflow", f"unknown field 'xtra' {own}"),
            ("a", "type: Input should be a valid string"),
            ("a", f"unknown field 'inputz' {own}"),
            ("a", f"unknown field 'extra' {own}"),
            ("a.b", "a name is 1 to 64 letters, digits, '_' or '-', beginning with a letter"),
            ("c", "an object is wanted"),
            ("workflow", "inputs.p.to: List should have at least 1 item after validation, not 0"),
            ("workflow", f"inputs.p: unknown field 'too' {own}"),
            ("workflow", f"outputs.o: unknown field 'from_' {own}"),
            ("subgraphs/s/i", "type: Field required"),
            ("subgraphs/s/i", f"unknown field 'tipe' {own}"),
            ("workflow", f"subgraphs.s: unknown field 'subgraphs' {own}"),
            ("workflow", f"subgraphs.s.view: unknown field 'zoom' {own}"),
        ]
    )


def test_own_fields_survive_a_round_trip() -> None:
    data = {
        **HEAD,
        "x-tool": {"any": [1, None]},
        "nodes": {"a": {"type": "x.y", "x-note": "mine", "inputs": {"n": 2**60 + 1}}},
        "view": {"nodes": {"a": {"x": 1.5, "colour": "red"}}, "frames": [{"title": "F"}], "x-zoom": 2},
    }
    assert parse_workflow(json.dumps(data)).to_json() == data


names = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)
values = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(allow_nan=False, allow_infinity=False)
)
nodes = st.dictionaries(
    names,
    st.fixed_dictionaries(
        {"type": st.text(min_size=1, max_size=20)}, optional={"inputs": st.dictionaries(names, values)}
    ),
    max_size=5,
)


@given(nodes)
@settings(max_examples=200)
def test_load_of_save_is_the_identity(nodes: dict[str, Any]) -> None:
    workflow = parse_workflow(document(nodes=nodes))
    assert parse_workflow(json.dumps(workflow.to_json())) == workflow


@given(st.recursive(values, lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=20))
def test_any_json_is_a_workflow_or_a_problem(data: Any) -> None:
    with pytest.raises(WorkflowError):
        parse_workflow(json.dumps(data))


def test_a_long_chain_is_legal() -> None:
    workflow = chain(10_000)
    assert parse_workflow(json.dumps(workflow.to_json())) == workflow


def test_links_are_told_from_values() -> None:
    assert link_of({"$link": "a.b"}) == Socket("a", "b")
    assert link_of({"link": "a.b"}) is None
    assert link_of(["a", 0]) is None
    for bad in ({"$link": 1}, {"$link": "a"}, {"$link": ".b"}, {"$link": "a.b", "more": 1}):
        with pytest.raises(ValueError, match="link"):
            link_of(bad)  # type: ignore[arg-type]


def test_migrations_run_in_order_and_leave_the_original() -> None:
    steps = {1: lambda d: {**d, "a": 1}, 2: lambda d: {**d, "b": d["a"] + 1}}
    old = {"format": "graphengine.workflow", "version": 1}
    assert migrate(old, steps, current=3) == {**old, "version": 3, "a": 1, "b": 2}
    assert old == {"format": "graphengine.workflow", "version": 1}


GOOD = [
    {},
    {"x-tool": {"any": [1, None]}, "title": "T", "view": {"x-zoom": 1, "nodes": {"a": {"x": 1.5, "colour": "red"}}}},
    {"nodes": {"a": {"type": "x.y", "mode": "mute", "title": None, "x-note": 1, "inputs": {"n": [1, {"m": None}]}}}},
    {"inputs": {"p": {"to": ["a.b"]}}, "outputs": {"o": {"from": "a.b", "description": "D"}}},
    {"subgraphs": {"s": {"inputs": {}, "nodes": {"a": {"type": "subgraph:t"}}, "x-own": 1}}},
]
BAD: list[Any] = [
    {"format": "other"},
    {"version": 2},
    {"version": None},
    {"nodez": {}},
    {"nodes": []},
    {"nodes": {"a": {"type": ""}}},
    {"nodes": {"a": {"type": "x.y", "inputz": {}}}},
    {"nodes": {"a": {"type": "x.y", "mode": "off"}}},
    {"nodes": {"a.b": {"type": "x.y"}}},
    {"inputs": {"p": {"to": []}}},
    {"inputs": {"p": {"to": ["nodot"]}}},
    {"inputs": {"p": {"to": ["a.b"], "form": 1}}},
    {"outputs": {"o": {"from_": "a.b"}}},
    {"outputs": {"1": {"from": "a.b"}}},
    {"view": {"zoom": 1}},
    {"subgraphs": {"s": {"subgraphs": {}}}},
    {"subgraphs": {"s": {"nodes": {"a": {}}}}},
]


def test_the_published_schema_accepts_what_the_program_accepts() -> None:
    schema = Draft202012Validator(json_schema())
    Draft202012Validator.check_schema(schema.schema)
    for fields in GOOD:
        parse_workflow(document(**fields))
        assert list(schema.iter_errors({**HEAD, **fields})) == [], fields


def test_the_published_schema_refuses_what_the_program_refuses() -> None:
    schema = Draft202012Validator(json_schema())
    for data in [{}, {"version": 1}, {"format": HEAD["format"]}, [], *({**HEAD, **fields} for fields in BAD)]:
        with pytest.raises(WorkflowError):
            parse_workflow(json.dumps(data))
        assert not schema.is_valid(data), data


def test_the_published_schema_is_of_the_document() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == {"format", "version", *Workflow.model_fields} - {"from_"}
    assert schema["$schema"].endswith("2020-12/schema")
