import pytest

from graphengine.node.lazy import Lazy, Wanted
from nodes.logic.switch import switch

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(("condition", "value"), [(True, "yes"), (False, "no")])
def test_a_switch_gives_one_of_two(condition: bool, value: str) -> None:
    assert switch(condition, Lazy("yes", "yes"), Lazy("no", "no")) == value


@pytest.mark.parametrize(("condition", "wanted"), [(True, "yes"), (False, "no")])
def test_a_switch_asks_for_one_alone(condition: bool, wanted: str) -> None:
    with pytest.raises(Wanted) as caught:
        switch(condition, Lazy("yes"), Lazy("no"))
    assert caught.value.name == wanted
