"""The books alone: what is worth what, and what must go."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphengine.diffusion.pool.ledger import FORESEEN, Entry, Key, Ledger
from graphengine.diffusion.pool.shelf import Shelf

pytestmark = pytest.mark.torch


def anybody(_: str) -> int:
    return 0


def key(name: str) -> Key:
    return Key(name, "vae", "fake", "lump", torch.float32, ())


def settled(ledger: Ledger, name: str, nbytes: int = 100, load: float = 1.0, move: float = 0.0) -> Entry:
    """Bring something to the device and let go of it."""
    entry, mine = ledger.claim(key(name))
    assert mine
    ledger.pin(entry)
    entry.nbytes, entry.load_seconds, entry.move_seconds = nbytes, load, move
    assert ledger.reserve(entry, nbytes) is not None
    assert ledger.admit(entry)
    ledger.arrived(entry)
    ledger.unpin(entry)
    return entry


def rest(ledger: Ledger, entry: Entry) -> None:
    """Move something from the device to the host, which has room for it."""
    entry.state = "leaving"
    assert ledger.stow(entry) == []
    ledger.left(entry, kept=True)


def out(ledger: Ledger, **options: Any) -> str | None:
    entry = ledger.next_out(**options)
    return None if entry is None else entry.key.digest


# ------------------------------------------------------------------ one memory


def test_what_is_soonest_back_per_byte_goes_first() -> None:
    shelf: Shelf[str] = Shelf(100)
    shelf.put("small and slow", 10, 5.0)
    shelf.put("large and slow", 60, 5.0)
    shelf.put("small and quick", 20, 0.5)
    assert shelf.order(anybody) == ["small and quick", "large and slow", "small and slow"]


def test_of_equals_the_one_goes_first_that_was_used_longest_ago() -> None:
    shelf: Shelf[str] = Shelf(100)
    for name in "abc":
        shelf.put(name, 10, 1.0)
    shelf.touch("a")
    assert shelf.order(anybody) == ["b", "c", "a"]


def test_what_is_long_unused_goes_although_it_is_dear() -> None:
    shelf: Shelf[str] = Shelf(100)
    shelf.put("dear", 50, 5.0)
    rounds = 0
    while "dear" in shelf:
        shelf.put(f"cheap {rounds}", 50, 1.0)
        shelf.evict(shelf.order(anybody)[0])
        rounds += 1
    assert 3 <= rounds <= 10


def test_a_rank_goes_before_worth() -> None:
    shelf: Shelf[str] = Shelf(100)
    shelf.put("cheap", 10, 0.1)
    shelf.put("dear", 10, 9.0)
    shelf.put("pinned", 10, 0.0)
    ranks = {"cheap": 1, "dear": 0, "pinned": None}
    assert shelf.order(ranks.__getitem__) == ["dear", "cheap"]
    assert shelf.could_fit(90, ranks.__getitem__)
    assert not shelf.could_fit(91, ranks.__getitem__)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60), st.floats(0, 9), st.sampled_from("ptue"))))
def test_the_account_is_right(acts: list[tuple[int, int, float, str]]) -> None:
    shelf: Shelf[int] = Shelf(100)
    truth: dict[int, int] = {}
    for name, nbytes, seconds, act in acts:
        if act == "p":
            shelf.put(name, nbytes, seconds)
            truth[name] = nbytes
        elif name in truth:
            {"t": shelf.take, "u": shelf.touch, "e": shelf.evict}[act](name)
            if act != "u":
                del truth[name]
        assert set(shelf) == set(truth)
        assert shelf.nbytes == sum(truth.values())
        assert shelf.fits(7) == (sum(truth.values()) + 7 <= 100)
        assert sorted(shelf.order(lambda _: 0)) == sorted(truth)


# ------------------------------------------------------------------ two memories


def test_what_comes_back_from_the_host_is_cheaper_than_what_must_be_loaded() -> None:
    ledger = Ledger(200, 100, apart=True)
    settled(ledger, "too large for the host", 101, load=1.0, move=0.1)
    settled(ledger, "not too large", 99, load=8.0, move=0.1)
    entry, _ = ledger.claim(key("new"))
    ledger.pin(entry)
    entry.nbytes = 50
    assert out(ledger, comer=entry) == "not too large"


def test_the_host_keeps_what_takes_longest_to_load_per_byte() -> None:
    ledger = Ledger(None, 200, apart=True)
    quick, slow, middling = (settled(ledger, name, 100, load) for name, load in (("q", 1), ("s", 9), ("m", 5)))
    for entry in (quick, slow):
        rest(ledger, entry)
    assert ledger.on_host == 200
    middling.state = "leaving"
    assert ledger.stow(middling) == [quick]
    assert (quick.state, ledger.on_host) == ("gone", 200)
    ledger.left(middling, kept=True)
    cheap = settled(ledger, "c", 100, 0.1)
    cheap.state = "leaving"
    assert ledger.stow(cheap) is None  # it is worth less than either
    ledger.left(cheap, kept=False)
    assert (ledger.on_host, ledger.on_device) == (200, 0)


def test_what_is_foreseen_goes_last_and_never_for_what_nobody_waits_for() -> None:
    ledger = Ledger(200, 0, apart=True)
    settled(ledger, "cheap", 100, load=0.1)
    settled(ledger, "dear", 100, load=9.0)
    ledger.foresee(key("cheap"))
    ledger.keep([key("dear")])
    comer, _ = ledger.claim(key("new"))
    comer.nbytes = 50
    assert out(ledger, comer=comer) is None
    assert not ledger.admit(comer)
    comer, _ = ledger.claim(key("new"))
    comer.nbytes = 50
    ledger.unkeep([key("dear")])
    assert out(ledger, comer=comer) == "dear"


def test_a_use_ends_what_was_foreseen_and_so_do_many_others() -> None:
    ledger = Ledger(100, 0, apart=True)
    used, forgotten = settled(ledger, "used", 60, load=0.1), settled(ledger, "forgotten", 40, load=0.2)
    for entry in (forgotten, used):
        ledger.foresee(entry.key)
    ledger.pin(used)
    ledger.unpin(used)
    settled(ledger, "new", 1)
    assert out(ledger) == "used"
    used.state = "device"
    ledger.foresee(used.key)
    for number in range(FORESEEN - 1):
        ledger.foresee(key(f"other {number}"))
    assert out(ledger) == "forgotten"


def test_on_the_host_what_is_made_takes_room_before_it_is_made() -> None:
    ledger = Ledger(100, None, apart=False)
    old = settled(ledger, "old", 80)
    entry, _ = ledger.claim(key("new"))
    ledger.pin(entry)
    assert ledger.reserve(entry, 50) == [old]
    assert ledger.on_device == 50
    assert ledger.reserve(entry, 120) == []  # larger than it seemed; somebody waits for it
    assert (ledger.on_device, ledger.on_host) == (120, 0)


def test_two_models_change_places_with_room_for_one_on_either_side() -> None:
    ledger = Ledger(100, 100, apart=True)
    one = settled(ledger, "one", 80)
    rest(ledger, one)
    other = settled(ledger, "other", 80)
    for comer, leaver in ((one, other), (other, one)):
        assert ledger.claim(comer.key) == (comer, True)
        ledger.pin(comer)
        assert ledger.next_out(comer) is leaver
        rest(ledger, leaver)
        assert ledger.admit(comer)
        ledger.arrived(comer)
        ledger.unpin(comer)
        assert (comer.state, leaver.state, ledger.on_device, ledger.on_host) == ("device", "host", 80, 80)


@pytest.mark.parametrize("wanted", [True, False])
def test_what_passes_through_the_host_displaces_nobody_there(wanted: bool) -> None:
    ledger = Ledger(100, 100, apart=True)
    old = settled(ledger, "old", 80)
    rest(ledger, old)
    entry, _ = ledger.claim(key("new"))
    if wanted:
        ledger.pin(entry)
    assert ledger.reserve(entry, 80) == []
    assert (old.state, ledger.on_host) == ("host", 80)


def test_what_cannot_get_on_stays_on_the_host_if_there_is_room() -> None:
    for room in (100, 50):
        ledger = Ledger(100, room, apart=True)
        entry, _ = ledger.claim(key("new"))
        entry.nbytes = 80
        assert ledger.reserve(entry, 80) == []
        ledger.pin(settled(ledger, "other", 80))
        assert not ledger.admit(entry)
        assert (entry.state, ledger.on_host) == (("host", 80) if room == 100 else ("gone", 0))


def test_what_nobody_waits_for_is_not_made_beyond_the_budget() -> None:
    ledger = Ledger(100, 0, apart=False)
    pinned = settled(ledger, "pinned", 60)
    ledger.pin(pinned)
    entry, _ = ledger.claim(key("new"))
    assert ledger.reserve(entry, 41) is None
    assert (entry.state, ledger.on_device) == ("gone", 60)
    entry, mine = ledger.claim(key("new"))
    assert mine
    assert ledger.reserve(entry, 40) == []
