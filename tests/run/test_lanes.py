"""The lanes alone: no slot twice, nobody forgotten, and in which order slots are granted."""

import functools
import os
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from graphengine.run.lanes import AHEAD, MAX_PASSED, Lanes, Place, Ticket

EXAMPLES = int(os.environ.get("GRAPHENGINE_EXAMPLES", "300"))


@dataclass
class Hall:
    """People with tickets before one lane or several."""

    lanes: Lanes
    granted: list[str] = field(default_factory=list)
    tickets: dict[str, Ticket] = field(default_factory=dict)

    def queue(
        self,
        name: str,
        run: str = "run",
        rank: int = 1,
        weights: str = "",
        lane: str = "gpu",
        batch_key: str | None = None,
        limit: int = 3,
        patient: bool = False,
    ) -> None:
        granted = functools.partial(self.granted.append, name)
        self.tickets[name] = Ticket(run, lane, rank, frozenset(weights.split()), granted, batch_key, limit, patient)
        self.lanes.queue(self.tickets[name])

    def drain(self) -> list[str]:
        """Let everybody in, one after another, and return their order."""
        self.lanes.grant()
        for name in self.granted:  # grows
            self.lanes.leave(self.tickets[name])
            self.lanes.grant()
        return self.granted


def hall(**capacities: int) -> Hall:
    return Hall(Lanes(capacities or {"gpu": 1}))


def test_the_highest_rank_goes_first_then_who_came_first() -> None:
    people = hall()
    for name, rank in (("a1", 1), ("b2", 2), ("c1", 1), ("d3", 3), ("e2", 2)):
        people.queue(name, rank=rank)
    assert people.drain() == ["d3", "b2", "e2", "a1", "c1"]


def test_while_calls_are_brisk_the_patient_go_in_ahead() -> None:
    people = hall(cpu=2)
    for index in range(12):
        people.queue(f"p{index}", lane="cpu", patient=index != 9)
    people.lanes.grant()
    assert people.granted == ["p0", "p1"]
    people.lanes.leave(people.tickets["p0"], brisk=True)
    people.lanes.grant()
    assert people.granted == [f"p{index}" for index in range(2 + 2 * AHEAD + 1)]
    for index in range(1, 9):
        people.lanes.leave(people.tickets[f"p{index}"], brisk=True)
        people.lanes.grant()
    assert people.granted == [f"p{index}" for index in range(12)], "who is not patient has a slot"


def test_what_has_a_lower_rank_waits_for_what_may_come_before_it() -> None:
    people = hall(cpu=1)
    for index in range(3):
        people.queue(f"p{index}", rank=3 - index, lane="cpu", patient=True)
    people.lanes.grant()
    people.queue("q0", rank=3, lane="cpu")
    people.lanes.leave(people.tickets["p0"], brisk=True)
    people.lanes.grant()
    assert people.granted == ["p0", "q0"]
    assert people.drain() == ["p0", "q0", "p1", "p2"]


def test_after_a_call_that_took_its_time_nobody_goes_in_ahead() -> None:
    people = hall(cpu=1)
    for index in range(6):
        people.queue(f"p{index}", lane="cpu", patient=True)
    people.lanes.grant()
    people.lanes.leave(people.tickets["p0"], brisk=True)
    people.lanes.grant()
    assert len(people.granted) == 2 + AHEAD
    for name in people.granted[1:]:
        people.lanes.leave(people.tickets[name], brisk=False)
        people.lanes.grant()
        assert sum(each.place is Place.INSIDE for each in people.tickets.values()) <= AHEAD
    assert people.granted == [f"p{index}" for index in range(6)]


def test_runs_take_turns() -> None:
    people = hall()
    for index in range(10):
        people.queue(f"a{index}", run="a", rank=100)
    for run in ("b", "c"):
        for index in range(5):
            people.queue(f"{run}{index}", run=run)
    order = [name[0] for name in people.drain()]
    assert "".join(order) == "abc" * 5 + "a" * 5


def test_a_run_that_always_comes_back_does_not_push_others_aside() -> None:
    people = hall()
    people.queue("a0", run="a")
    people.lanes.grant()
    for index in range(3):
        people.queue(f"b{index}", run="b")
    for index in range(3):
        people.lanes.leave(people.tickets[people.granted[-1]])
        people.queue(f"a{index + 1}", run="a")
        people.lanes.grant()
    assert people.granted == ["a0", "b0", "a1", "b1"]


def test_the_same_weights_go_first() -> None:
    people = hall()
    people.queue("first", weights="x")
    people.lanes.grant()
    for index, weights in enumerate(("y", "x", "y z", "x", "y")):
        people.queue(f"{weights}-{index}", rank=10 - index, weights=weights)
    assert people.drain() == ["first", "x-1", "x-3", "y-0", "y-4", "y z-2"]


def test_what_uses_no_weights_waits_for_none() -> None:
    people = hall()
    people.queue("first", weights="x")
    people.lanes.grant()
    people.queue("plain", rank=3)
    people.queue("cold", rank=2, weights="y")
    people.queue("warm", rank=1, weights="x")
    assert people.drain() == ["first", "plain", "warm", "cold"]


def test_other_weights_are_passed_only_so_often() -> None:
    people = hall()
    people.queue("first", run="a", weights="x")
    people.lanes.grant()
    people.queue("cold", run="b", weights="y")
    for index in range(3 * MAX_PASSED):
        people.queue(f"warm{index}", run="a", weights="x")
    assert people.drain().index("cold") == 1 + MAX_PASSED


def test_lanes_do_not_wait_for_each_other() -> None:
    people = hall(gpu=1, cpu=2)
    for index in range(4):
        people.queue(f"g{index}", lane="gpu")
        people.queue(f"c{index}", lane="cpu")
        people.queue(f"o{index}", lane="other")
    people.lanes.grant()
    assert Counter(name[0] for name in people.granted) == {"g": 1, "c": 2, "o": 1}


def test_a_ticket_that_is_taken_back_gives_its_slot_to_the_next() -> None:
    people = hall()
    for name in ("a", "b", "c"):
        people.queue(name)
    people.lanes.grant()
    people.lanes.withdraw(people.tickets["b"])
    people.lanes.withdraw(people.tickets["a"])
    people.lanes.withdraw(people.tickets["a"])  # a second time changes nothing
    people.lanes.grant()
    people.lanes.grant()
    assert people.granted == ["a", "c"]


def test_who_is_granted_may_queue_at_once_however_often() -> None:
    lanes = Lanes({"cpu": 1, "gpu": 1})
    left = 10_000  # more than Python would let it recurse

    def again() -> None:
        nonlocal left, ticket
        lanes.leave(ticket)
        left -= 1
        if left:
            ticket = Ticket("run", "gpu" if left % 2 else "cpu", 1, frozenset(), again)
            lanes.queue(ticket)
            lanes.grant()

    ticket = Ticket("run", "cpu", 1, frozenset(), again)
    lanes.queue(ticket)
    lanes.grant()
    assert left == 0


def test_another_user_finds_all_slots_free() -> None:
    people = hall()
    people.lanes.used_by("a loop")
    people.queue("old")
    people.queue("older")
    people.lanes.grant()
    people.lanes.used_by("a loop")
    people.lanes.used_by("another loop")
    people.queue("new")
    people.lanes.grant()
    assert people.granted == ["old", "new"]
    people.lanes.leave(people.tickets["old"])
    people.queue("next")
    people.lanes.grant()
    assert people.granted == ["old", "new"], "the slot of an earlier loop is not one of this"


def test_who_waits_with_the_same_batch_key_shares_the_slot() -> None:
    people = hall()
    people.queue("first")
    people.lanes.grant()
    for name, key, run in (("a", "k", "x"), ("b", "k", "y"), ("c", "other", "x"), ("d", "k", "z"), ("e", "k", "z")):
        people.queue(name, run, batch_key=key)
    people.queue("f")
    people.lanes.leave(people.tickets["first"])
    people.lanes.grant()
    assert people.granted == ["first", "a", "b", "d"], "as many as the limit allows, of all runs"
    for name in ("a", "d"):
        people.lanes.leave(people.tickets[name])
        people.lanes.grant()
    assert len(people.granted) == 4, "the slot is free when all have left"
    people.lanes.leave(people.tickets["b"])
    assert people.drain()[4:] == ["f", "c", "e"], "who shared it had a turn"


def test_a_party_acts_when_all_have_brought_what_they_have() -> None:
    people, done = hall(), []
    people.queue("first")
    people.lanes.grant()
    for name in "abc":
        people.queue(name, batch_key="k")
    people.lanes.leave(people.tickets["first"])
    people.lanes.grant()
    a, b, c = (people.tickets[name] for name in "abc")
    assert a.party is b.party is c.party is not None
    a.party.bring("of a", done.append)
    people.lanes.withdraw(b)
    assert done == []
    a.party.bring("of c", done.append)
    assert done == [["of a", "of c"]]
    people.queue("next")
    for each in (a, c):
        people.lanes.grant()
        assert "next" not in people.granted
        people.lanes.leave(each)
    people.lanes.grant()
    assert "next" in people.granted


def test_when_the_last_gives_up_the_others_act() -> None:
    people, done = hall(), []
    people.queue("first")
    people.lanes.grant()
    for name in "ab":
        people.queue(name, batch_key="k")
    people.lanes.leave(people.tickets["first"])
    people.lanes.grant()
    party = people.tickets["a"].party
    assert party is not None
    party.bring("of a", done.append)
    people.lanes.withdraw(people.tickets["b"])
    assert done == [["of a"]]


@settings(max_examples=EXAMPLES, deadline=None)
@given(capacity=st.integers(1, 3), ahead=st.booleans(), data=st.data())
def test_no_slot_is_given_twice_and_nobody_is_forgotten(capacity: int, ahead: bool, data: st.DataObject) -> None:
    people = hall(gpu=capacity)
    taken_back: set[str] = set()
    for index in range(data.draw(st.integers(1, 60))):
        before = set(people.granted)
        inside = [name for name, each in people.tickets.items() if each.place is Place.INSIDE]
        act = data.draw(st.sampled_from(["queue"] * 3 + ["leave"] * 2 + ["withdraw"]))
        if act == "queue":
            draw = (data.draw(st.sampled_from("abc")), data.draw(st.integers(1, 3)), data.draw(st.sampled_from(" xyz")))
            key = data.draw(st.sampled_from([None, None, "k", "l"]))
            people.queue(f"t{index}", *draw, batch_key=key, patient=data.draw(st.booleans()))
        elif act == "leave" and inside:
            brisk = ahead and data.draw(st.booleans())
            people.lanes.leave(people.tickets[data.draw(st.sampled_from(inside))], brisk=brisk)
        elif act == "withdraw" and people.tickets:
            taken_back.add(name := data.draw(st.sampled_from(sorted(people.tickets))))
            people.lanes.withdraw(people.tickets[name])
        people.lanes.grant()
        new = set(people.granted) - before
        inside = [each for each in people.tickets.values() if each.place is Place.INSIDE]
        slots = len({id(each.party) for each in inside if each.party}) + sum(each.party is None for each in inside)
        assert slots <= capacity * (1 + AHEAD * ahead)
        waits = any(each.place is Place.WAITING for each in people.tickets.values())
        assert slots >= capacity or not waits, "nobody waits for a slot that is free"
        for each in inside:
            assert sum(each.party is other.party for other in inside) <= each.limit or each.party is None
            assert all(each.batch_key == o.batch_key for o in inside if o.party is each.party) or each.party is None
        assert not {name for name in new if name in taken_back}
    assert len(people.granted) == len(set(people.granted))
    people.drain()
    assert set(people.tickets) == set(people.granted) | taken_back
