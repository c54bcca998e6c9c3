"""The only thread that writes: what many callers want is committed together.

While one commit waits for the disk, the next acts gather; they share a transaction and one sync. An act that
refuses is undone alone. A commit that fails undoes all of its acts, and every caller hears of it.

An act may also stand by: it is tried again in each transaction that brings what it waits for, and so shares the
commit of whatever brought it.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from graphengine.errors import ServiceError, StoreUnavailable
from graphengine.service.database.faults import unavailable

T = TypeVar("T")

MOST_ACTS = 200
"""How many acts share a commit at most: a burst must not keep the first of its callers waiting for the last."""


@dataclass(slots=True)
class Transaction:
    """What an act works with.

    ``outbox`` is handed on after the commit, in the order of the commits, and only if there is one.
    """

    connection: sqlite3.Connection
    outbox: list[Any] = field(default_factory=list)

    def execute(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Cursor:
        """Execute one statement."""
        return self.connection.execute(sql, values)


Act = Callable[[Transaction], T]
"""What writes. It runs in the writer's thread, neither begins nor ends transactions, and may refuse by raising."""


class Request(Generic[T]):
    """An act, and the future that waits for it."""

    __slots__ = ("act", "error", "future", "value")

    def __init__(self, act: Act[T], future: "asyncio.Future[T]") -> None:
        self.act = act
        self.future = future
        self.value: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Tell who waits, if anybody still does; in the loop's thread."""
        if self.future.done():  # the caller was cancelled; what was committed stays
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.value)


class Standing(Request[T]):
    """An act that stands by until it returns something.

    Args:
        wakes: says of a transaction whether it brings what the act waits for; in the writer's thread.
        missed: takes, in the loop's thread, what the act returned when nobody waits for it any more.
    """

    __slots__ = ("_missed", "wakes")

    def __init__(
        self,
        act: Act[T | None],
        future: "asyncio.Future[T]",
        wakes: Callable[[Transaction], bool],
        missed: Callable[[T], None],
    ) -> None:
        super().__init__(cast("Act[T]", act), future)  # it is settled with nothing only when it has failed
        self.wakes = wakes
        self._missed = missed

    @property
    def stands(self) -> bool:
        """Whether it has neither returned something nor failed."""
        return self.value is None and self.error is None

    def settle(self) -> None:
        """Tell who waits; or do with what came too late what is to be done with it."""
        if self.future.done() and self.value is not None:
            self._missed(self.value)
        else:
            super().settle()


class Writer:
    """The thread with the one connection that writes.

    Args:
        connection: one without implicit transactions; the writer's alone from now on.
        publish: takes, in the loop's thread, the outbox of each commit, before its callers resume.
    """

    def __init__(self, connection: sqlite3.Connection, publish: Callable[[Sequence[Any]], None]) -> None:
        self.fault: StoreUnavailable | None = None
        """What was wrong with the last commit, if anything."""
        self._connection = connection
        self._publish = publish
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[Request[Any] | None] = queue.SimpleQueue()
        self._standing: list[Standing[Any]] = []  # the thread's alone
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="graphengine-database-write", daemon=True)
        self._thread.start()

    def submit(self, act: Act[T]) -> "asyncio.Future[T]":
        """Queue an act; the future resolves when its commit is on the disk.

        Raises:
            StoreUnavailable: the writer is closed.
        """
        self._check_open()
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.put(Request(act, future))
        return future

    def stand(
        self, act: Act[T | None], wakes: Callable[[Transaction], bool], missed: Callable[[T], None]
    ) -> "asyncio.Future[T]":
        """Try an act now, and again in each transaction that ``wakes``, until it returns something; see Standing.

        The future resolves when that is on the disk; cancelling it ends the trying.

        Raises:
            StoreUnavailable: the writer is closed.
        """
        self._check_open()
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.put(Standing(act, future, wakes, missed))
        return future

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the service is closed", "closed")

    async def close(self) -> None:
        """Commit what waits, and end the thread; the connection is the caller's again."""
        self._closed = True
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    # -------------------------------------------------------------- in the thread

    def _work(self) -> None:
        more = True
        while more:
            requests, more = self._gather()
            if requests:
                self._transact(requests)
        for each in self._standing:
            each.error = StoreUnavailable("the service is closed", "closed")
        self._settle(self._standing, ())

    def _gather(self) -> tuple[list[Request[Any]], bool]:
        """Wait for a request and take what else is there; False when there will be no more."""
        requests: list[Request[Any]] = []
        request = self._waiting.get()
        while request is not None:
            requests.append(request)
            if len(requests) == MOST_ACTS:
                return requests, True
            try:
                request = self._waiting.get_nowait()
            except queue.Empty:
                return requests, True
        return requests, False

    def _transact(self, requests: Sequence[Request[Any]]) -> None:
        """Perform acts in one transaction, and tell who waits for them how they ended."""
        transaction = Transaction(self._connection)
        old = self._standing = [each for each in self._standing if not each.future.done()]
        standing = [*old, *(each for each in requests if isinstance(each, Standing))]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for request in requests:
                self._perform(request, transaction)
            for each in standing:
                if each.stands and each.wakes(transaction):
                    self._perform(each, transaction)
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - a fault of the database belongs to everybody who waits
            self._undo()
            self.fault = unavailable(error)
            for request in requests:
                request.error = unavailable(error) or error
            for each in old:  # they wait on
                each.value = each.error = None
            self._settle(requests, ())
            return
        self.fault = None
        self._standing = [each for each in standing if each.stands]
        self._settle([each for each in (*requests, *old) if each not in self._standing], transaction.outbox)

    def _perform(self, request: Request[Any], transaction: Transaction) -> None:
        mark = len(transaction.outbox)
        self._connection.execute("SAVEPOINT act")
        try:
            request.value = request.act(transaction)
        except Exception as error:
            if not isinstance(error, ServiceError) and unavailable(error):
                raise
            request.error = error
            del transaction.outbox[mark:]
            self._connection.execute("ROLLBACK TO act")
        self._connection.execute("RELEASE act")

    def _undo(self) -> None:
        with suppress(sqlite3.Error):  # SQLite has rolled back by itself after some faults
            self._connection.execute("ROLLBACK")

    def _settle(self, requests: Sequence[Request[Any]], outbox: Sequence[Any]) -> None:
        def tell() -> None:
            if outbox:
                self._publish(outbox)
            for request in requests:
                request.settle()

        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(tell)
