"""Lists of what comes over several links."""

from nodes.list.gather import gather


def test_items_keep_their_order_and_what_is_not_linked_is_left_out() -> None:
    assert gather() == []
    assert gather(["a"], third=0, first=False, eighth="") == ["a", False, 0, ""]


def test_what_came_in_stays_as_it_is() -> None:
    values: list[object] = [1]
    assert gather(values, 2) == [1, 2]
    assert values == [1]
