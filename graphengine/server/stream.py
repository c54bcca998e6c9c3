"""The events of one connection: subscriptions, the place in the log, and what waits to be sent.

One task sends everything that has an order: it reads the log from its place, begins subscriptions one after the
other, and then sends what is live. See :mod:`graphengine.server.messages` for what a client may rely on.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from graphengine.server.hub import Hub
from graphengine.server.messages import Message, Reply, Resync, Subscribe
from graphengine.server.shared import Shared
from graphengine.server.topics import Topic, topics_for
from graphengine.server.views import Refusal
from graphengine.server.wire import Format, encode
from graphengine.service.events import EVERYTHING, Entry

_PAGE: Final = 200
_BREATH: Final = 0.01


@dataclass(frozen=True, slots=True)
class Line:
    """A connection as its stream sees it: who is there, and how to send and to close."""

    owner: str
    form: Format
    send: Callable[[bytes], Awaitable[None]]
    close: Callable[[], Awaitable[None]]


class Stream:
    """What a connection is told.

    ``_place`` is the number up to which its client has everything. While the stream is idle it may lie far back,
    because nobody tells an idle stream of what it does not want; then it goes on right before what it is told of.
    """

    def __init__(self, hub: Hub, line: Line) -> None:
        self._hub = hub
        self._line = line
        self._subscriptions: dict[str, Subscribe] = {}
        self._topics: dict[Topic, int] = {}  # ... and how many subscriptions want it
        self._asked: deque[Subscribe] = deque()
        self._waiting: dict[tuple[str, str], Shared] = {}
        self._place = hub.reached
        self._behind = False
        self._idle = True
        self._wake = asyncio.Event()
        hub.enter(self)

    # -------------------------------------------------------------- told by the hub

    def alert(self, seq: int) -> None:
        """Say that there is an entry for this stream."""
        if self._idle:
            self._place = max(self._place, seq - 1)
            self._idle = False
        self._behind = True
        self._wake.set()

    def offer(self, key: tuple[str, str], shared: Shared) -> None:
        """Hand over a live message, in place of one of the same key that still waits."""
        self._waiting[key] = shared
        self._wake.set()

    async def leave(self) -> None:
        """Send the client away, because the service ends."""
        await self._line.close()

    # -------------------------------------------------------------- told by the connection

    def subscribe(self, asked: Subscribe) -> Refusal | None:
        """Begin a subscription, whose reply is sent in its turn; or say why not."""
        known = {*self._subscriptions, *(each.id for each in self._asked)}
        if asked.id in known:
            return Refusal(code="conflict", message=f"there is a subscription {asked.id} already")
        if len(known) >= self._hub.limits.subscriptions:
            return Refusal(code="too_many_requests", message="there are too many subscriptions of one connection")
        self._asked.append(asked)
        self._wake.set()
        return None

    def unsubscribe(self, id_: str) -> bool:
        """End a subscription; False where there is none."""
        asked = self._subscriptions.pop(id_, None)
        if asked is None:
            return False
        for topic in topics_for(asked, self._line.owner):
            self._topics[topic] -= 1
            if not self._topics[topic]:
                del self._topics[topic]
                self._hub.drop(self, (topic,))
        return True

    def end(self) -> None:
        """Leave the hub: the client is gone."""
        self._hub.leave(self, tuple(self._topics))

    async def run(self) -> None:
        """Send, until cancelled.

        Raises:
            StoreUnavailable: the log cannot be read; the client should come again.
            OSError: the client is gone, or does not read.
        """
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._catch_up()
            while self._asked:
                await self._begin(self._asked.popleft())
                await self._catch_up()
            while self._waiting:
                key = next(iter(self._waiting))
                await self._line.send(self._waiting.pop(key).frame(self._line.form))

    # -------------------------------------------------------------- in order

    async def _catch_up(self) -> None:
        """Send what the log has, from the stream's place to its end."""
        while self._behind:
            self._behind = False
            if self._hub.log.last - self._place > self._hub.limits.behind:
                await self._start_anew()
                continue
            replay = await self._hub.log.since(self._place, EVERYTHING, most=_PAGE)
            if replay.gap:
                await self._start_anew()
                continue
            await self._send(replay.entries, self._topics)
            self._place = max(self._place, replay.reached)
            self._behind = self._behind or not replay.complete
        self._idle = True

    async def _begin(self, asked: Subscribe) -> None:
        """Reply to a subscription and send what it missed, up to the stream's place."""
        if self._idle:
            self._place = max(self._place, self._hub.reached)
        self._idle, self._behind = False, True
        await self._catch_up()  # a client may know of entries that the hub has yet to hear of
        self._idle = False
        topics = topics_for(asked, self._line.owner)
        self._subscriptions[asked.id] = asked
        for topic in topics:
            self._topics[topic] = self._topics.get(topic, 0) + 1
        self._hub.add(self, topics, live=asked.live)
        log, goal = self._hub.log, self._place
        seq = goal if asked.since is None else asked.since
        lost = asked.epoch not in (None, log.epoch) or goal - seq > self._hub.limits.behind
        first = None if lost else await log.since(seq, EVERYTHING, most=1)
        lost = first is None or first.gap
        start = goal if lost else seq
        await self._tell(Reply(id=asked.id, result={"seq": start, "epoch": log.epoch, "resync": lost}))
        if lost or not await self._replay(start, goal, topics):
            await self._resync([asked], goal)
        self._behind = True

    async def _replay(self, seq: int, goal: int, topics: Sequence[Topic]) -> bool:
        """Send the entries of some topics after ``seq`` up to ``goal``; False where some are forgotten meanwhile."""
        while seq < goal:
            replay = await self._hub.log.since(seq, EVERYTHING, most=_PAGE)
            if replay.gap:
                return False
            await self._send([entry for entry in replay.entries if entry.seq <= goal], topics)
            if replay.complete and replay.reached < goal:
                await asyncio.sleep(_BREATH)  # what a reader of the database saw is on its way to memory
            seq = replay.reached
        return True

    async def _start_anew(self) -> None:
        self._place = self._hub.log.last
        if self._subscriptions:
            await self._resync(list(self._subscriptions.values()), self._place)

    async def _resync(self, subscriptions: Sequence[Subscribe], seq: int) -> None:
        jobs, complete = await self._hub.snapshot(subscriptions, self._line.owner)
        ids = [each.id for each in subscriptions]
        epoch = self._hub.log.epoch
        await self._tell(Resync(epoch=epoch, seq=seq, subscriptions=ids, jobs=jobs, complete=complete))

    async def _send(self, entries: Iterable[Entry], topics: Iterable[Topic]) -> None:
        for number, entry in enumerate(entries):
            shared = self._hub.shared(entry)
            if any(topic in topics for topic in shared.topics):
                await self._line.send(shared.frame(self._line.form))
            if number % 50 == 49:
                await asyncio.sleep(0)  # others have a turn

    async def _tell(self, message: Message) -> None:
        await self._line.send(encode(message, self._line.form))
