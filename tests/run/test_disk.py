"""The disk tier: what it keeps, for how long, and what no fault of a disk can do."""

import asyncio
import errno
import logging
import os
import random
import resource
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import plain_pack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiers import BLOB, LONG, ask, disk_tier, handles, key, restarted, result, shown

from graphengine.files.roots import File
from graphengine.node.registry import Registry
from graphengine.run.cache import disk
from graphengine.run.cache.disk import DiskTier
from graphengine.types.socket_type import TypeRef

FLIPS, TRUNCATIONS, SWAPS = 1_000, 200, 100


@pytest.fixture
def tier(registry: Registry, tmp_path: Path) -> Iterator[DiskTier]:
    made = disk_tier(registry, tmp_path / "cache")
    yield made
    made.close()


async def keep(tier: DiskTier, registry: Registry, *indices: int, seconds: float = LONG) -> None:
    for index in indices:
        tier.put(key(index), result(registry, index), seconds)
    await tier.drain()


# ------------------------------------------------------------------ what it keeps


async def test_results_outlive_the_process(tier: DiskTier, registry: Registry) -> None:
    await keep(tier, registry, *range(10))
    again = await restarted(tier)
    for index in range(10):
        assert await ask(again, key(index)) == shown(result(registry, index))
    again.close()


async def test_closing_writes_what_waits(tier: DiskTier, registry: Registry) -> None:
    tier.put(key(0), result(registry, 0), LONG)
    again = await restarted(tier)
    assert await ask(again, key(0)) is not None
    assert await ask(tier, key(0)) is None, "a closed tier is empty"
    tier.put(key(1), result(registry, 1), LONG)
    await tier.drain()
    again.close()


async def test_a_result_on_its_way_to_the_disk_is_found(tier: DiskTier, registry: Registry) -> None:
    slow = threading.Event()
    tier._writer.submit(slow.wait)
    put = result(registry, 0)
    tier.put(key(0), put, LONG)
    assert tier.get(key(0)) is put
    slow.set()


async def test_what_is_quicker_made_than_found_is_not_kept(tier: DiskTier, registry: Registry) -> None:
    tier.put(key(0), handles(registry, value=(TypeRef("Int"), 1)), 0.0005)
    tier.put(key(1), handles(registry, value=(BLOB, plain_pack.Blob(bytes(10**8)))), 0.05)
    tier.put(key(2), handles(registry, value=(TypeRef("Int"), 1)), 0.002)
    await tier.drain()
    assert [await ask(tier, key(index)) is not None for index in range(3)] == [False, False, True]


async def test_what_does_not_last_is_not_kept(registry: Registry, tmp_path: Path) -> None:
    tier = disk_tier(registry, tmp_path, lasting=lambda ref: registry.type_of(ref).lasting)
    file = File("x", tmp_path / "x", "00")
    tier.put(key(0), handles(registry, value=(TypeRef("File"), file)), LONG)
    tier.put(key(1), handles(registry, value=(TypeRef("List", TypeRef("File")), [file])), LONG)
    await keep(tier, registry, 2)
    assert [await ask(tier, key(index)) is not None for index in range(3)] == [False, False, True]
    tier.close()


@pytest.mark.parametrize("value", [{1: "a key becomes a string"}, ("a list",), float("nan"), {1, 2}])
async def test_what_would_come_back_as_something_else_is_not_kept(
    tier: DiskTier, registry: Registry, value: object
) -> None:
    tier.put(key(0), handles(registry, value=(TypeRef("Any"), value)), LONG)
    await tier.drain()
    assert await ask(tier, key(0)) is None


async def test_what_comes_faster_than_the_disk_is_dropped(registry: Registry, tmp_path: Path) -> None:
    tier = disk_tier(registry, tmp_path, waiting_bytes=6_000)
    slow = threading.Event()
    tier._writer.submit(slow.wait)
    for index in range(3):
        tier.put(key(index), result(registry, index), LONG)
    slow.set()
    await tier.drain()
    assert [await ask(tier, key(index)) is not None for index in range(3)] == [True, False, False]
    tier.close()


async def test_a_miss_is_mostly_answered_at_once(tier: DiskTier, registry: Registry) -> None:
    await keep(tier, registry, 0)
    assert await ask(tier, key(1)) is None
    assert [tier.get(key(index)) for index in range(1, 1_000)] == [None] * 999


# ------------------------------------------------------------------ the budget


async def test_what_saves_least_per_byte_goes_first(registry: Registry, tmp_path: Path) -> None:
    tier = disk_tier(registry, tmp_path, 40_000)
    await keep(tier, registry, 0, seconds=1_000.0)
    await keep(tier, registry, *range(1, 30), seconds=1.0)
    assert tier.folder.usage().nbytes <= tier.budget
    assert await ask(tier, key(0)) is not None
    tier.close()


async def test_what_nobody_uses_loses_its_worth(registry: Registry, tmp_path: Path) -> None:
    tier = disk_tier(registry, tmp_path)
    await keep(tier, registry, 0, seconds=1_000.0)
    await keep(tier, registry, 1, seconds=1.0)
    _age(tier, 0, weeks=20)
    tier.folder.shrink(6_000)
    assert [await ask(tier, key(index)) is not None for index in (0, 1)] == [False, True]
    tier.close()


async def test_a_hit_counts_as_use(tier: DiskTier, registry: Registry) -> None:
    await keep(tier, registry, 0)
    _age(tier, 0, weeks=20)
    before = tier.folder.file(key(0)).stat().st_mtime
    await ask(tier, key(0))
    assert tier.folder.file(key(0)).stat().st_mtime > before + 10**6


async def test_what_killed_writers_left_is_removed_in_time(tier: DiskTier, registry: Registry) -> None:
    await keep(tier, registry, 0)
    shelf = tier.folder.file(key(0)).parent
    old, new = shelf / f".{key(0)}.old.part", shelf / f".{key(0)}.new.part"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert tier.folder.usage().entries == 1
    assert (old.exists(), new.exists()) == (False, True)


def _age(tier: DiskTier, index: int, weeks: int) -> None:
    path = tier.folder.file(key(index))
    then = path.stat().st_mtime - weeks * 7 * 86_400
    os.utime(path, (then, then))


# ------------------------------------------------------------------ faults: each is a miss


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at // 8 % len(content)] ^= 1 << at % 8
    path.write_bytes(content)


async def test_a_damaged_entry_is_detected_and_computed_again(tier: DiskTier, registry: Registry) -> None:
    """R11: every result is bitwise equal or a miss, and after the miss it is kept again."""
    chance = random.Random(11)
    expected = [shown(result(registry, index)) for index in range(4)]
    await keep(tier, registry, *range(4))
    size = tier.folder.file(key(0)).stat().st_size
    faults = ["flip"] * FLIPS + ["truncate"] * TRUNCATIONS + ["swap"] * SWAPS
    chance.shuffle(faults)
    misses = 0
    for fault in faults:
        one, other = chance.sample(range(4), 2)
        path = tier.folder.file(key(one))
        if fault == "flip":
            flip(path, chance.randrange(size * 8))
        elif fault == "truncate":
            os.truncate(path, chance.randrange(size))
        else:
            path.replace(path.with_name("aside"))
            tier.folder.file(key(other)).replace(path)
            path.with_name("aside").replace(tier.folder.file(key(other)))
        for index in {one, other}:
            found = await ask(tier, key(index))
            assert found is None or found == expected[index]
            if found is None:
                misses += 1
                await keep(tier, registry, index)
    assert misses == FLIPS + TRUNCATIONS + 2 * SWAPS


async def test_another_version_and_a_stranger_are_misses(tier: DiskTier, registry: Registry) -> None:
    await keep(tier, registry, 0, 1, 2)
    newer, alien, empty = (tier.folder.file(key(index)) for index in range(3))
    newer.write_bytes(b"GECACHE\x02" + newer.read_bytes()[8:])
    alien.write_bytes(b"not ours")
    empty.write_bytes(b"")
    assert [await ask(tier, key(index)) for index in range(3)] == [None] * 3
    assert tier.folder.usage().entries == 0, "what is wrong is removed"


async def test_a_codec_that_refuses_is_a_miss(
    tier: DiskTier, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(tier, registry, 0, 1)
    for index, error in enumerate((ValueError("old form"), KeyError("field"))):

        def refuse(_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(plain_pack.BlobCodec, "decode", staticmethod(refuse))
        assert await ask(tier, key(index)) is None
    assert tier.folder.usage().entries == 0


async def test_a_file_that_another_process_evicted_is_a_miss(tier: DiskTier, registry: Registry) -> None:
    await keep(tier, registry, 0)
    tier.folder.file(key(0)).unlink()
    assert await ask(tier, key(0)) is None
    await keep(tier, registry, 0)
    assert await ask(tier, key(0)) is not None


@contextmanager
def full_disk(limit: int = 1_000) -> Iterator[None]:
    """The system itself refuses to let a file grow, in the middle of a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_told_once_and_passed_over(
    tier: DiskTier, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), full_disk():
        await keep(tier, registry, *range(5))
    assert len(caplog.records) == 1
    assert "fails and is passed over" in caplog.text
    assert not any(path.is_file() for path in tier.folder.path.rglob("*")), "nothing half-written is left"
    assert [await ask(tier, key(index)) for index in range(5)] == [None] * 5
    await keep(tier, registry, 0)
    assert await ask(tier, key(0)) is not None, "it works again when there is room"


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EROFS, errno.EACCES])
async def test_a_folder_that_cannot_be_written_is_told_once(
    tier: DiskTier, registry: Registry, fault: int, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(disk, "atomic_writer", refuse)
    with caplog.at_level(logging.WARNING):
        await keep(tier, registry, *range(5))
    assert len(caplog.records) == 1
    assert await ask(tier, key(0)) is None


async def test_a_file_in_the_place_of_the_folder_is_passed_over(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    tier = disk_tier(registry, tmp_path / "cache")
    await keep(tier, registry, 0)
    assert await ask(tier, key(0)) is None
    tier.close()


# ------------------------------------------------------------------ any order of anything

STEPS = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("get"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("evict"), st.integers(0, 30_000), st.just(0)),
    st.tuples(st.just("flip"), st.integers(0, 5), st.integers(0, 10**5)),
    st.tuples(st.just("truncate"), st.integers(0, 5), st.integers(0, 6_000)),
    st.tuples(st.just("swap"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("remove"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("restart"), st.just(0), st.just(0)),
)


@settings(deadline=None, max_examples=int(os.environ.get("GRAPHENGINE_EXAMPLES", "1000")) // 10)
@given(steps=st.lists(STEPS, max_size=25))
def test_get_returns_what_was_put_or_nothing(registry: Registry, steps: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_play(disk_tier(registry, Path(folder), 20_000), registry, steps))


async def _play(tier: DiskTier, registry: Registry, steps: list[tuple[str, int, int]]) -> None:
    for act, index, detail in steps:
        match act:
            case "put":
                await keep(tier, registry, index)
            case "get":
                assert await ask(tier, key(index)) in (None, shown(result(registry, index)))
            case "evict":
                tier.folder.shrink(index)
            case "restart":
                tier = await restarted(tier)
            case _:
                _harm(act, tier.folder.file(key(index)), tier.folder.file(key(detail)), detail)
    for index in range(6):
        assert await ask(tier, key(index)) in (None, shown(result(registry, index)))
    tier.close()


def _harm(act: str, path: Path, other: Path, detail: int) -> None:
    """Do to a file what only a fault does, if it is there."""
    match act:
        case "swap" if path.exists() and other.exists():
            here, there = path.read_bytes(), other.read_bytes()
            path.write_bytes(there)
            other.write_bytes(here)
        case "flip" if path.exists() and path.stat().st_size:
            flip(path, detail)
        case "truncate" if path.exists():
            os.truncate(path, min(detail, path.stat().st_size))
        case "remove":
            path.unlink(missing_ok=True)
