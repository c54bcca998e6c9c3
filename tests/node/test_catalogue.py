"""The registry as data: it says what the live one says, whatever it is asked."""

import json
from pathlib import Path
from typing import Annotated

import fault_pack
import plain_pack
import pytest
from documents import GROW, SQUARE, link, workflow
from hypothesis import HealthCheck, given, settings
from pydantic import AfterValidator, Field
from strange_documents import documents
from twins import OPTIONS, differences, outcome, written

from graphengine.app import Engine, load_settings
from graphengine.errors import DeclarationError, EngineBug
from graphengine.node.catalogue.read import WrittenRegistry
from graphengine.node.catalogue.written import digest_of, write_registry
from graphengine.node.check import Check
from graphengine.node.declare import node
from graphengine.node.registry import Registry
from graphengine.types.codec import Encoded, SealedCodec
from graphengine.types.socket_type import TypeRef
from graphengine.types.values import decode_value, encode_value, value_nbytes
from graphengine.workflow.document import Workflow

LIVE = Registry((plain_pack.PACK, fault_pack.PACK))
DATA = written(LIVE)


def test_both_say_the_same_of_every_node_type_and_value() -> None:
    assert differences(LIVE, DATA) == []


def test_a_difference_would_be_found() -> None:
    told = json.loads(json.dumps(write_registry(LIVE, OPTIONS)))
    steps = next(each for each in told["nodes"] if each["id"] == "plain.limited")["inputs"][0]
    steps["check"]["le"] = 99
    assert differences(LIVE, WrittenRegistry(told)) == ["plain.limited"]


@given(documents())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_both_prove_and_plan_the_same(document: Workflow) -> None:
    assert outcome(document, LIVE, Path("/nowhere")) == outcome(document, DATA, Path("/nowhere"))


def test_both_plan_the_same_with_files_lists_loops_flows_and_weights(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    nodes = {
        "read": ["plain.read", {"file": "a.txt"}],
        "numbers": ["plain.numbers", {"values": [1, 2.5]}],
        "each": ["plain.add", {"a": link("numbers.values"), "b": 1}],
        "total": ["plain.total", {"values": link("each.value")}],
        "square": ["subgraph:square", {"value": link("total.value")}],
        "frames": ["plain.frames", {"count": 2}],
        "sizes": ["plain.sizes", {"blobs": link("frames.blobs")}],
        "halve": ["plain.halve", {"value": link("square.sum")}],
    }
    document = workflow(nodes, subgraphs={"square": SQUARE, "grow": GROW})
    found = outcome(document, LIVE, tmp_path)
    assert isinstance(found, dict), found
    assert outcome(document, DATA, tmp_path) == found


def test_both_explain_the_same(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data", input_folders=[tmp_path])
    live = Engine(settings, packs=(plain_pack.PACK,))
    data = Engine(settings, packs=(plain_pack.PACK,), apart=True)
    document = workflow({"n": ["plain.number", {"value": 1}], "p": ["plain.pass", {"value": link("n.value")}]})
    told = [engine.explain(engine.plan(engine.resolve(document)), "here") for engine in (live, data)]
    assert told[0] == told[1]
    live.close()
    data.close()


def test_a_digest_is_that_of_what_is_said() -> None:
    told = write_registry(LIVE, OPTIONS)
    assert digest_of(told) == digest_of(json.loads(json.dumps(told)))
    assert digest_of(told) != digest_of(write_registry(Registry((plain_pack.PACK,)), OPTIONS))


def test_what_is_elsewhere_cannot_be_called() -> None:
    with pytest.raises(EngineBug, match="no pack is loaded"):
        DATA.nodes["plain.number"].function(value=1.0)


def test_values_of_packs_stay_encoded() -> None:
    blobs = TypeRef("Blob").listed
    encoded = encode_value(LIVE.types, blobs, [plain_pack.Blob(b"abc"), plain_pack.Blob(b"")])
    kept = decode_value(DATA.types, blobs, encoded)
    assert all(isinstance(each, Encoded) for each in kept)
    assert encode_value(DATA.types, blobs, kept) == encoded
    assert value_nbytes(DATA.types, blobs, kept) >= 3
    assert isinstance(DATA.types["Blob"].codec, SealedCodec)


# ------------------------------------------------------------------ constraints are data


def no_vowels(text: str) -> str:
    """A function that only its pack knows."""
    return text.strip("aeiou")


def test_a_constraint_that_is_no_data_is_refused_when_it_is_declared() -> None:
    with pytest.raises(DeclarationError, match=r"no_vowels.* is not data; say it with Field"):

        @node("bad.function", category="bad")
        def bad(text: Annotated[str, AfterValidator(no_vowels)]) -> str:
            """Have a constraint that is code."""
            return text


def test_a_default_that_is_no_json_is_refused() -> None:
    with pytest.raises(DeclarationError, match="default of 'pair' is not plain JSON"):

        @node("bad.default", category="bad")
        def bad(pair: object = (1, 2)) -> int:
            """Have a default that would come back as a list."""
            return 1


def test_constraints_survive_being_written() -> None:
    @node("good.constraints", category="good")
    def good(
        steps: Annotated[int, Field(multiple_of=8, gt=0)] = 8,
        ratio: Annotated[float | None, Field(ge=0, le=1)] = None,
        name: Annotated[str, Field(pattern="^[a-z]+$", max_length=5)] = "a",
        words: Annotated[list[str], Field(min_length=1)] = ["a"],  # noqa: B006 - a declaration, never called
    ) -> int:
        """Have constraints of many kinds."""
        return 1

    spec = good.__graphengine_node__  # type: ignore[attr-defined]
    again = {each.name: Check(json.loads(json.dumps(each.check.schema))) for each in spec.inputs}
    assert [again["steps"].parse(16), again["ratio"].parse(1), again["words"].parse(["b"])] == [16, 1.0, ["b"]]
    for name, value in [
        ("steps", 12),
        ("steps", True),
        ("ratio", 1.5),
        ("name", "A"),
        ("name", "abcdef"),
        ("words", []),
    ]:
        with pytest.raises(ValueError, match="was given"):
            again[name].parse(value)
