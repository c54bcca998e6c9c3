"""One suite over every tier of the cache, and over their compositions."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiers import LONG, ask, disk_tier, handles, key, result, shown

from graphengine.node.registry import Registry
from graphengine.run.cache.disk import DiskTier
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.cache.memory import MemoryTier
from graphengine.run.cache.tier import Tier
from graphengine.run.cache.tiered import TieredCache
from graphengine.types.socket_type import TypeRef

Make = Callable[[int], Tier]


@pytest.fixture(params=["memory", "disk", "memory over disk", "disk over disk", "single flight"])
def make(request: pytest.FixtureRequest, registry: Registry, tmp_path: Path) -> Iterator[Make]:
    disks: list[DiskTier] = []

    def disk(budget: int) -> DiskTier:
        disks.append(disk_tier(registry, tmp_path / str(len(disks)), budget))
        return disks[-1]

    kinds: dict[str, Make] = {
        "memory": MemoryTier,
        "disk": disk,
        "memory over disk": lambda budget: TieredCache([MemoryTier(budget), disk(budget)]),
        "disk over disk": lambda budget: TieredCache([disk(budget), disk(budget)]),
        "single flight": lambda budget: SingleFlight(TieredCache([MemoryTier(budget), disk(budget)])),
    }
    yield kinds[request.param]
    for each in disks:
        each.close()


async def test_what_was_put_comes_back(make: Make, registry: Registry) -> None:
    tier = make(10**9)
    for index in range(20):
        tier.put(key(index), result(registry, index), LONG)
    for index in range(20):
        assert await ask(tier, key(index)) == shown(result(registry, index))


async def test_what_was_never_put_is_a_miss(make: Make, registry: Registry) -> None:
    tier = make(10**9)
    assert await ask(tier, key(0)) is None
    tier.put(key(1), result(registry, 1), LONG)
    assert await ask(tier, key(2)) is None


async def test_a_result_may_be_put_again(make: Make, registry: Registry) -> None:
    tier = make(10**9)
    for _ in range(3):
        tier.put(key(0), result(registry, 0), LONG)
        assert await ask(tier, key(0)) == shown(result(registry, 0))


async def test_a_result_may_be_empty(make: Make) -> None:
    tier = make(10**9)
    tier.put(key(0), {}, LONG)
    assert await ask(tier, key(0)) == {}


async def test_what_is_larger_than_the_budget_is_not_kept(make: Make, registry: Registry) -> None:
    tier = make(4_000)
    tier.put(key(0), result(registry, 0), LONG)
    assert await ask(tier, key(0)) is None


async def test_a_budget_of_nothing_keeps_nothing(make: Make, registry: Registry) -> None:
    tier = make(0)
    tier.put(key(0), handles(registry, value=(TypeRef("Float"), 1.0)), LONG)
    assert await ask(tier, key(0)) is None


async def test_whatever_is_evicted_the_rest_is_right(make: Make, registry: Registry) -> None:
    tier = make(50_000)
    for index in range(60):
        tier.put(key(index), result(registry, index), LONG * (index % 7))
        other = index * 7 % (index + 1)
        assert await ask(tier, key(other)) in (None, shown(result(registry, other)))


async def test_a_tier_says_what_it_has(make: Make, registry: Registry) -> None:
    tier = make(10**9)
    assert not tier.has(key(0))
    for index in range(5):
        tier.put(key(index), result(registry, index), LONG)
        assert tier.has(key(index)), "at once"
    assert not tier.has(key(5))
    for index in range(5):
        assert await ask(tier, key(index)) is not None
        assert tier.has(key(index))
    nothing = make(0)
    nothing.put(key(0), handles(registry, value=(TypeRef("Float"), 1.0)), LONG)
    assert not nothing.has(key(0))


async def test_to_be_asked_for_is_no_use(registry: Registry) -> None:
    """What is only looked for is evicted as if nobody had."""
    entry = handles(registry, value=(TypeRef("Float"), 1.0))
    tier = MemoryTier(1_200)  # two entries
    tier.put(key(0), entry, 0.001)
    tier.put(key(1), entry, 0.002)
    for index in range(2, 50):
        assert tier.has(key(index)) is False
        tier.has(key(0))
        tier.put(key(index), entry, 0.002)
    assert not tier.has(key(0))


async def test_a_disk_knows_what_others_wrote_and_removed(registry: Registry, tmp_path: Path) -> None:
    first, second = disk_tier(registry, tmp_path), disk_tier(registry, tmp_path)
    first.put(key(0), result(registry, 0), LONG)
    await first.drain()
    assert second.has(key(0))
    second.folder.remove(second.folder.file(key(0)))
    assert await ask(second, key(0)) is None
    assert not second.has(key(0))
    first.close()
    assert not first.has(key(0)), "a closed tier is empty"
    second.close()


async def test_a_result_that_is_being_computed_is_not_there() -> None:
    flights = SingleFlight(MemoryTier(10**6))
    assert flights.get(key(0)) is None
    assert not flights.has(key(0))
    flights.put(key(0), {}, LONG)
    assert flights.has(key(0))


async def test_a_hit_is_promoted(registry: Registry) -> None:
    above, below = MemoryTier(10**9), MemoryTier(10**9)
    below.put(key(0), result(registry, 0), LONG)
    await ask(TieredCache([above, below]), key(0))
    assert await ask(above, key(0)) == shown(result(registry, 0))


async def test_a_hit_on_disk_is_promoted_at_what_it_took_to_load(registry: Registry, tmp_path: Path) -> None:
    first = disk_tier(registry, tmp_path)
    first.put(key(0), result(registry, 0), LONG)
    first.close()
    memory, second = MemoryTier(10**9), disk_tier(registry, tmp_path)
    assert await ask(TieredCache([memory, second]), key(0)) == shown(result(registry, 0))
    assert 0 < memory._entries[key(0)].seconds < LONG
    second.close()
