"""Lanes: who gets a slot of which resource next, among all runs of an engine.

Whoever is ready lines up with a ticket, and whoever has answered leaves. There is no clock and no await in here, and
nothing knows what the slots are used for.
"""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import count

MAX_PASSED = 16
"""How many grants may go past tickets whose turn it is, to keep the same weights busy, before others have to come."""


class Place(Enum):
    """Where whoever holds a ticket stands."""

    WAITING = "waiting"
    INSIDE = "inside"
    AWAY = "away"


@dataclass(slots=True, eq=False)
class Ticket:
    """A wish for a slot.

    Attributes:
        run: whose it is; runs take turns.
        rank: what is higher goes first among the tickets of a run.
        weights: the weights that are used in the slot; none if it is empty.
        granted: called once when the slot is there.
    """

    run: Hashable
    lane: str
    rank: float
    weights: frozenset[str]
    granted: Callable[[], None]
    place: Place = field(default=Place.WAITING, init=False)
    line: "_Line" = field(init=False, repr=False)


Heap = list[tuple[float, int, Ticket]]


class Lanes:
    """The slots of all lanes, and the lines before them. Used in the thread of one event loop at a time.

    Runs take turns. Of a run the highest rank goes first, then who came first. But what uses the same weights as the
    grants before goes past tickets that would change them, whoever's they are: at most :data:`MAX_PASSED` times, then
    the weights change.

    Args:
        capacities: how many slots each lane has; a lane that is not named has one.
    """

    def __init__(self, capacities: Mapping[str, int]) -> None:
        self._capacities = dict(capacities)
        self._lines: dict[str, _Line] = {}
        self._changed: list[_Line] = []
        self._granting = False
        self._user: object = None

    def used_by(self, user: object) -> None:
        """Forget everything if the user is another than before: an event loop ended, and its runs with it."""
        if user is not self._user:
            self._user = user
            self._lines, self._changed = {}, []

    def queue(self, ticket: Ticket) -> None:
        """Line up; a slot may come at the next :meth:`grant`."""
        line = self._lines.get(ticket.lane)
        if line is None:
            line = self._lines[ticket.lane] = _Line(self._capacities.get(ticket.lane, 1))
        ticket.line = line
        line.add(ticket)
        self._changed.append(line)

    def leave(self, ticket: Ticket) -> None:
        """Free the slot of a ticket, if it has one."""
        if ticket.place is Place.INSIDE:
            ticket.place = Place.AWAY
            ticket.line.free += 1
            if self._lines.get(ticket.lane) is ticket.line:  # and not one that was forgotten
                self._changed.append(ticket.line)

    def withdraw(self, ticket: Ticket) -> None:
        """Take a ticket back that has no more use: it waits, or has been granted and not yet noticed."""
        self.leave(ticket)
        if ticket.place is Place.WAITING:
            ticket.place = Place.AWAY
            ticket.line.tidy(ticket)

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


class _Line:
    """One lane: its free slots, and who waits."""

    def __init__(self, capacity: int) -> None:
        self.free = capacity
        self._numbers = count()
        self._only: Ticket | None = None  # who waits alone, as most do, needs no heaps
        self._waiting: OrderedDict[Hashable, dict[frozenset[str], Heap]] = OrderedDict()  # by run, the next one first
        self._warm: frozenset[str] = frozenset()  # the weights of the last grant that used any
        self._passed = 0  # how often whose turn it was had to let others go first, since they changed

    def add(self, ticket: Ticket) -> None:
        """Let a ticket wait."""
        if self._only is None and not self._waiting:
            self._only = ticket
            return
        if self._only is not None:
            self._push(self._only)
            self._only = None
        self._push(ticket)

    def grant(self) -> None:
        """Grant the slots that are free."""
        while self.free and (self._only is not None or self._waiting):
            ticket = self._only or self._turn()
            self.free -= 1
            ticket.place = Place.INSIDE
            if ticket.weights and ticket.weights != self._warm:
                self._warm, self._passed = ticket.weights, 0
            self.tidy(ticket)
            ticket.granted()

    def tidy(self, ticket: Ticket) -> None:
        """Forget a ticket that waits no more; amid a heap it stays until it comes to the head."""
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

    def _turn(self) -> Ticket:
        ticket = self._choose()
        self._waiting.move_to_end(ticket.run)
        return ticket

    def _choose(self) -> Ticket:
        heaps = next(iter(self._waiting.values()))
        due = min(heap[0] for heap in heaps.values())[2]
        if due.weights and due.weights != self._warm and self._passed < MAX_PASSED:
            for others in self._waiting.values():
                if self._warm in others:
                    self._passed += 1
                    return others[self._warm][0][2]
        return due
