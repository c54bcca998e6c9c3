"""Relations between numbers."""

import pytest

from nodes.math.compare import Relation, compare

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("relation", "smaller", "same", "larger"),
    [
        ("equal", False, True, False),
        ("not_equal", True, False, True),
        ("less", True, False, False),
        ("less_or_equal", True, True, False),
        ("greater", False, False, True),
        ("greater_or_equal", False, True, True),
    ],
)
def test_relations(relation: Relation, smaller: bool, same: bool, larger: bool) -> None:
    assert [compare(a, 2.0, relation) for a in (1.5, 2.0, 2.5)] == [smaller, same, larger]
