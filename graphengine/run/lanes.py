"""Lanes: who gets a slot of which resource next, among all runs of an engine.

Whoever is ready lines up with a ticket, and whoever has answered leaves. There is no clock and no await in here, and
nothing knows what the slots are used for.
"""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import count, islice
from typing import Any, Final, Protocol

MAX_PASSED = 16
"""How many grants may go past tickets whose turn it is, to keep the same weights busy, before others have to come."""


AHEAD: Final = 3
"""How many tickets may go in ahead for each slot, where calls are over sooner than the next could be handed over."""


class Place(Enum):
    """Where whoever holds a ticket stands."""

    WAITING = "waiting"
    INSIDE = "inside"
    AWAY = "away"


class Party:
    """Those who were granted one slot together: what each brings is done in one go, when all have brought it."""

    __slots__ = ("_act", "_awaited", "_brought", "_inside")

    def __init__(self, size: int) -> None:
        self._awaited = self._inside = size
        self._brought: list[Any] = []
        self._act: Callable[[Sequence[Any]], None] | None = None

    def bring(self, thing: Any, act: Callable[[Sequence[Any]], None]) -> None:
        """Bring something; whoever is last lets ``act`` happen with all that was brought."""
        self._brought.append(thing)
        self._act = act
        self.expect_one_less()

    def expect_one_less(self) -> None:
        """Do not wait for one of them any more."""
        self._awaited -= 1
        if not self._awaited and self._act is not None:
            brought, self._brought = self._brought, []
            self._act(brought)

    def let_out(self) -> bool:
        """Let one go; return whether that was the last, so that the slot is free."""
        self._inside -= 1
        return not self._inside


@dataclass(slots=True, eq=False)
class Ticket:
    """A wish for a slot.

    Attributes:
        run: whose it is; runs take turns.
        rank: what is higher goes first among the tickets of a run.
        weights: the weights that are used in the slot; none if it is empty.
        granted: called once when the slot is there.
        batch_key: tickets with the same one may share a slot; None is alone.
        limit: how many may share it.
        patient: whether it may go in ahead of its slot, as its call waits for that where calls are made.
        party: who shares it, if anybody does.
    """

    run: Hashable
    lane: str
    rank: float
    weights: frozenset[str]
    granted: Callable[[], None]
    batch_key: str | None = None
    limit: int = 1
    patient: bool = False
    party: Party | None = field(default=None, init=False)
    place: Place = field(default=Place.WAITING, init=False)
    line: "_Line" = field(init=False, repr=False)


Heap = list[tuple[float, int, Ticket]]


class Later(Protocol):
    """Something that will happen, unless it is cancelled."""

    def cancel(self) -> None:
        """Let it not happen."""
        ...


class Lanes:
    """The slots of all lanes, and the lines before them. Used in the thread of one event loop at a time.

    Runs take turns. Of a run the highest rank goes first, then who came first. But what uses the same weights as the
    grants before goes past tickets that would change them, whoever's they are: at most :data:`MAX_PASSED` times, then
    the weights change. Whoever gets a slot shares it with those who wait with the same batch key, as many as the limit
    allows. While calls are brisk, patient tickets go in ahead of the slots, so that whoever makes the calls need not
    wait for the next.

    Args:
        capacities: how many slots each lane has; a lane that is not named has one.
    """

    def __init__(self, capacities: Mapping[str, int]) -> None:
        self._capacities = dict(capacities)
        self._lines: dict[str, _Line] = {}
        self._changed: list[_Line] = []
        self._granting = False
        self._later: Later | None = None
        self._user: object = None

    def used_by(self, user: object) -> None:
        """Forget everything if the user is another than before: an event loop ended, and its runs with it."""
        if user is not self._user:
            self._user = user
            self._lines, self._changed, self._later = {}, [], None

    def queue(self, ticket: Ticket) -> None:
        """Line up; a slot may come at the next :meth:`grant`."""
        line = self._lines.get(ticket.lane)
        if line is None:
            line = self._lines[ticket.lane] = _Line(self._capacities.get(ticket.lane, 1))
        ticket.line = line
        line.add(ticket)
        self._changed.append(line)

    def leave(self, ticket: Ticket, *, brisk: bool = False) -> None:
        """Free the slot of a ticket, if it has one, and nobody shares it any more.

        Args:
            brisk: whether the call was over sooner than the next could be handed over.
        """
        if ticket.place is not Place.INSIDE:
            return
        ticket.place = Place.AWAY
        ticket.line.brisk = brisk
        if ticket.party is None or ticket.party.let_out():
            ticket.line.free += 1
            if self._lines.get(ticket.lane) is ticket.line:  # and not one that was forgotten
                self._changed.append(ticket.line)

    def withdraw(self, ticket: Ticket) -> None:
        """Take a ticket back that has no more use: it waits, or has been granted and not yet noticed."""
        if ticket.place is Place.WAITING:
            ticket.place = Place.AWAY
            ticket.line.tidy(ticket)
        elif ticket.place is Place.INSIDE:
            self.leave(ticket)
            if ticket.party is not None:
                ticket.party.expect_one_less()

    def grant(self) -> None:
        """Give the free slots to those whose turn it is; call it after whatever changed the lines.

        What a granted run does at once, such as to queue more, is no recursion: a call from within does nothing, as
        the outer one goes on until no slot is free or nobody waits.
        """
        if self._granting:
            return
        self._granting = True
        try:
            while self._changed:
                self._changed.pop().grant()
        finally:
            self._granting = False

    def grant_later(self, soon: Callable[[Callable[[], None]], Later]) -> None:
        """Grant ``soon``: not before whatever is under way has lined up, so that those who fit each other meet.

        Each further call puts it off. That ends, as little happens of itself while nobody gets a slot.
        """
        if self._later is not None:
            self._later.cancel()
        self._later = soon(self.grant)


class _Line:
    """One lane: its free slots, and who waits."""

    def __init__(self, capacity: int) -> None:
        self.free = capacity  # less than nothing while some went in ahead
        self.brisk = False
        self._ahead = AHEAD * capacity
        self._rank = 0.0  # of the last ticket that went in: none that could have to wait for its followers goes ahead
        self._numbers = count()
        self._mates: dict[str, dict[Ticket, None]] = {}  # who waits, by batch key
        self._only: Ticket | None = None  # who waits alone, as most do, needs no heaps
        self._waiting: OrderedDict[Hashable, dict[frozenset[str], Heap]] = OrderedDict()  # by run, the next one first
        self._warm: frozenset[str] = frozenset()  # the weights of the last grant that used any
        self._passed = 0  # how often whose turn it was had to let others go first, since they changed

    def add(self, ticket: Ticket) -> None:
        """Let a ticket wait."""
        if ticket.batch_key is not None:
            self._mates.setdefault(ticket.batch_key, {})[ticket] = None
        if self._only is None and not self._waiting:
            self._only = ticket
            return
        if self._only is not None:
            self._push(self._only)
            self._only = None
        self._push(ticket)

    def grant(self) -> None:
        """Grant the slots that are free, and while calls are brisk some that will be."""
        while (self.free > 0 or (self.brisk and self.free > -self._ahead)) and (
            self._only is not None or self._waiting
        ):
            ticket = self._only or self._choose()
            if self.free <= 0 and not (ticket.patient and ticket.rank >= self._rank):
                return
            self.free -= 1
            self._rank = ticket.rank
            if ticket.weights and ticket.weights != self._warm:
                self._warm, self._passed = ticket.weights, 0
            if ticket.batch_key is None:
                self._admit(ticket)
                ticket.granted()
            else:
                self._grant_together(ticket)

    def tidy(self, ticket: Ticket) -> None:
        """Forget a ticket that waits no more; amid a heap it stays until it comes to the head."""
        if ticket.batch_key is not None:
            mates = self._mates[ticket.batch_key]
            del mates[ticket]
            if not mates:
                del self._mates[ticket.batch_key]
        if self._only is ticket:
            self._only = None
            return
        heaps = self._waiting[ticket.run]
        heap = heaps[ticket.weights]
        while heap and heap[0][2].place is not Place.WAITING:
            heapq.heappop(heap)
        if not heap:
            del heaps[ticket.weights]
            if not heaps:
                del self._waiting[ticket.run]

    def _push(self, ticket: Ticket) -> None:
        heaps = self._waiting.setdefault(ticket.run, {})
        heapq.heappush(heaps.setdefault(ticket.weights, []), (-ticket.rank, next(self._numbers), ticket))

    def _grant_together(self, first: Ticket) -> None:
        others = (each for each in self._mates[first.batch_key or ""] if each is not first)
        tickets = [first, *islice(others, first.limit - 1)]
        party = Party(len(tickets)) if len(tickets) > 1 else None
        for ticket in tickets:
            ticket.party = party
            self._admit(ticket)
        for ticket in tickets:
            ticket.granted()

    def _admit(self, ticket: Ticket) -> None:
        ticket.place = Place.INSIDE
        self.tidy(ticket)
        if ticket.run in self._waiting:
            self._waiting.move_to_end(ticket.run)

    def _choose(self) -> Ticket:
        heaps = next(iter(self._waiting.values()))
        due = min(heap[0] for heap in heaps.values())[2]
        if due.weights and due.weights != self._warm and self._passed < MAX_PASSED:
            for others in self._waiting.values():
                if self._warm in others:
                    self._passed += 1
                    return others[self._warm][0][2]
        return due
