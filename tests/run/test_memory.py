from hypothesis import given
from hypothesis import strategies as st

from graphengine.run.cache.memory import MemoryTier
from graphengine.run.handle import Handle
from graphengine.types.socket_type import TypeRef


def handle(nbytes: int) -> Handle:
    return Handle(None, TypeRef("Any"), nbytes)


def test_what_saves_most_per_byte_stays() -> None:
    entry = {"value": handle(4_000)}
    tier = MemoryTier(12_000)
    tier.put("slow", entry, 10.0)
    for index in range(20):
        tier.put(f"quick{index}", entry, 0.001)
    assert tier.get("slow") is not None
    assert len(tier) == 2


def test_even_the_slowest_goes_when_it_is_never_used() -> None:
    tier = MemoryTier(12_000)
    tier.put("slow", {"value": handle(4_000)}, 0.05)
    for index in range(2_000):
        tier.put(f"quick{index}", {"value": handle(4_000)}, 0.001)
    assert tier.get("slow") is None


def test_what_is_larger_than_the_budget_is_not_kept() -> None:
    tier = MemoryTier(1_000)
    tier.put("big", {"value": handle(5_000)}, 1.0)
    assert (tier.get("big"), tier.nbytes, len(tier)) == (None, 0, 0)


@given(
    budget=st.integers(0, 20_000),
    puts=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6_000), st.floats(0, 100)), max_size=60),
)
def test_the_budget_always_holds(budget: int, puts: list[tuple[int, int, float]]) -> None:
    tier = MemoryTier(budget)
    for key, nbytes, seconds in puts:
        tier.put(f"k{key}", {"value": handle(nbytes)}, seconds)
        tier.get(f"k{(key + 1) % 10}")
        assert tier.nbytes <= budget
    found = [key for key in range(10) if tier.get(f"k{key}") is not None]
    assert len(found) == len(tier)
    tier.clear()
    assert (tier.nbytes, len(tier)) == (0, 0)
