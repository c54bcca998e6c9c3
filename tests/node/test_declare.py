from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

import plain_pack
import pytest
from pydantic import Field

from graphengine.errors import DeclarationError
from graphengine.files.roots import File
from graphengine.node.catalogue.describe import describe
from graphengine.node.context import Attempt, Context
from graphengine.node.declare import node, spec_of
from graphengine.node.lazy import Lazy, Wanted
from graphengine.node.spec import MISSING
from graphengine.node.together import Together
from graphengine.node.widgets import Slider, Under
from graphengine.types.builtin import Seed


class Thing:
    """A type of a pack."""


class ModelRef:
    """A recipe for a model."""


class Pair(NamedTuple):
    """Two outputs."""

    thing: Thing
    count: int


@node("test.everything", category="test/all", version=3, lane="gpu")
def everything(
    thing: Thing,
    things: list[Thing],
    model: ModelRef | None = None,
    count: Annotated[int, Field(ge=1, le=9), Slider(1, 5)] = 3,
    amount: float = 1,
    kind: Literal["soft", "hard"] = "soft",
    seed: Seed = Seed(7),
    file: Annotated[File | None, Under("models", "inputs")] = None,
    *,
    context: Context,
) -> Pair:
    """Take everything.

    And explain it.
    """
    return Pair(thing, count)


SPEC = spec_of(everything)


def test_the_function_stays_a_function() -> None:
    thing = Thing()
    assert everything(thing, [], context=None) == Pair(thing, 3)  # type: ignore[arg-type]


def test_the_signature_is_the_specification() -> None:
    assert [str(each.type) for each in SPEC.inputs] == [
        *("Thing", "List[Thing]", "Model", "Int", "Float", "Choice", "Seed", "File"),
    ]
    assert [(each.name, str(each.type)) for each in SPEC.outputs] == [("thing", "Thing"), ("count", "Int")]
    assert [(each.name, each.python) for each in SPEC.injected] == [("context", Context)]
    assert [each.required for each in SPEC.inputs] == [True, True, *[False] * 6]
    assert (SPEC.key, SPEC.lane, SPEC.title, SPEC.summary) == (
        "test.everything@3",
        "gpu",
        "Everything",
        "Take everything.",
    )
    assert SPEC.input["file"].roots == ("models", "inputs")
    assert SPEC.input["thing"].default is MISSING


def test_defaults_are_canonical() -> None:
    assert type(SPEC.input["amount"].default) is float


def test_the_schema_has_the_constraints() -> None:
    assert SPEC.input["count"].schema == {"type": "integer", "minimum": 1, "maximum": 9}
    assert SPEC.input["kind"].schema["enum"] == ["soft", "hard"]
    assert SPEC.input["count"].widget == {"kind": "slider", "low": 1, "high": 5, "step": None}


def test_the_catalogue_is_plain_data() -> None:
    described = describe(SPEC)
    assert described["inputs"][3]["default"] == 3
    assert "default" not in described["inputs"][0]
    assert described["outputs"] == [{"name": "thing", "type": "Thing"}, {"name": "count", "type": "Int"}]


@pytest.mark.parametrize(
    ("socket", "value", "canonical"),
    [("count", 5, 5), ("amount", 2, 2.0), ("kind", "hard", "hard"), ("seed", 2**64 - 1, 2**64 - 1)],
)
def test_good_values_become_canonical(socket: str, value: Any, canonical: Any) -> None:
    parsed = SPEC.input[socket].parse(value)
    assert (parsed, type(parsed)) == (canonical, type(canonical))


@pytest.mark.parametrize(
    ("socket", "value"),
    [
        *[("count", bad) for bad in (0, 10, 3.9, 3.0, "3", True, None, [3])],
        *[("amount", bad) for bad in (float("nan"), float("inf"), "1", True, None)],
        *[("kind", bad) for bad in ("sofft", "", 1, None)],
        *[("seed", bad) for bad in (-1, 2**64, 1.0, "1", True)],
        ("thing", 1),
    ],
)
def test_bad_values_say_what_was_given(socket: str, value: Any) -> None:
    with pytest.raises(ValueError, match="given|comes over a link"):
        SPEC.input[socket].parse(value)


@pytest.mark.parametrize("text", ["false", "true", "0", "", "no"])
def test_a_word_is_not_a_boolean(text: str) -> None:
    with pytest.raises(ValueError, match="boolean"):
        spec_of(plain_pack.limited).input["switch"].parse(text)


def test_a_plain_output_is_called_value_and_others_by_their_type() -> None:
    @node("test.model", category="test")
    def make_model() -> ModelRef:
        """Make a model."""
        return ModelRef()

    @node("test.many", category="test")
    def make_many() -> list[Thing]:
        """Make many."""
        return []

    assert spec_of(make_model).outputs[0].name == "model"
    assert spec_of(make_many).outputs[0].name == "things"
    assert spec_of(plain_pack.number).outputs[0].name == "value"


def undocumented(value: int) -> int:
    return value


def unannotated(value) -> int:
    """Forget an annotation."""
    return value


def endless(value: int):
    """Forget the result."""
    return value


def out_of_range(value: Annotated[int, Field(ge=1)] = 0) -> int:
    """Have a default that is not allowed."""
    return value


def several(*values: int) -> int:
    """Take any number of values."""
    return sum(values)


def odd(value: Callable[[], int]) -> int:
    """Take what is not a type of sockets."""
    return value()


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (undocumented, "docstring"),
        (unannotated, "no type annotation"),
        (endless, "no type annotation"),
        (out_of_range, "not valid"),
        (several, "neither a socket"),
        (odd, "not a socket type"),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_reason(function: Callable[..., Any], reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason) as caught:
        node("test.wrong", category="test")(function)
    assert "test.wrong" in str(caught.value)


@pytest.mark.parametrize("name", ["nodot", "Upper.case", "a.", "a.b c", ""])
def test_an_id_has_its_form(name: str) -> None:
    with pytest.raises(DeclarationError, match=r"domain\.name"):
        node(name, category="test")(plain_pack.number)


def test_a_node_may_have_a_time_limit() -> None:
    @node("test.slow", category="test", timeout=1.5)
    def slow() -> int:
        """Take long."""
        return 0

    assert (spec_of(slow).timeout, SPEC.timeout) == (1.5, None)
    with pytest.raises(DeclarationError, match="above 0"):
        node("test.never", category="test", timeout=0)(slow)


def test_a_node_says_how_often_it_may_be_tried_again() -> None:
    @node("test.shaky", category="test", retries=2, shrinks=3)
    def shaky(*, attempt: Attempt) -> None:
        """Work at times."""

    assert (spec_of(shaky).retries, spec_of(shaky).shrinks, SPEC.retries, SPEC.shrinks) == (2, 3, 0, 0)
    with pytest.raises(DeclarationError, match="0 or more"):
        node("test.never", category="test", retries=-1)(shaky)


@node("test.lazy", category="test")
def lazy(first: Lazy[Thing], second: Lazy[float] | None = None, third: float = 0.0) -> Thing:
    """Take lazy inputs."""
    return first.get()


def test_lazy_inputs_have_the_type_inside() -> None:
    spec = spec_of(lazy)
    assert [(str(each.type), each.lazy, each.required) for each in spec.inputs] == [
        ("Thing", True, True),
        ("Float", True, False),
        ("Float", False, False),
    ]
    assert spec.lazy == ("first", "second")


def test_a_lazy_input_without_a_value_is_asked_for() -> None:
    with pytest.raises(Wanted) as caught:
        lazy(Lazy("first"))
    assert caught.value.name == "first"
    thing = Thing()
    assert lazy(Lazy("first", thing)) is thing


def both(value: list[float], factor: float) -> list[float]:
    return [each * factor for each in value]


def other(value: list[float]) -> list[float]:
    return value


@pytest.mark.parametrize(
    ("together", "given", "message"),
    [
        (Together(("value",), both), {}, None),
        (Together((), both), {}, "differ in inputs of the node"),
        (Together(("valeu",), both), {}, r"\['valeu'\]"),
        (Together(("value",), other), {}, "other parameters"),
        (Together(("value",), both, limit=1), {}, "2 calls or more"),
        (Together(("value",), both), {"sink": True}, "effect outside"),
    ],
)
def test_calls_together_are_declared_so_that_they_can_be(together: Together, given: Any, message: str | None) -> None:
    def scaled(value: float, factor: float) -> float:
        """Scale."""
        return value * factor

    if message is None:
        assert spec_of(node("test.scaled", category="test", together=together)(scaled)).together is together
        return
    with pytest.raises(DeclarationError, match=message):
        node("test.scaled", category="test", together=together, **given)(scaled)


def test_calls_with_lazy_inputs_are_not_made_together() -> None:
    def chosen(value: Lazy[float], factor: float) -> float:
        """Choose."""
        return value.get() * factor

    with pytest.raises(DeclarationError, match="lazy inputs"):
        node("test.chosen", category="test", together=Together(("value",), both))(chosen)


def test_aliases_are_told_and_are_words() -> None:
    def double(value: int) -> int:
        """Double."""
        return 2 * value

    declared = spec_of(node("math.double", category="math", aliases=("Twice",))(double))
    assert describe(declared)["aliases"] == ["Twice"]
    for wrong in ("Twice", ("",)):
        with pytest.raises(DeclarationError, match="aliases are a sequence"):
            node("math.double", category="math", aliases=wrong)(double)
