"""Threads that read: each has a connection of its own that cannot write, and sees what is committed."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from graphengine.errors import StoreUnavailable
from graphengine.service.database.faults import unavailable

T = TypeVar("T")

THREADS = 4

Look = Callable[[sqlite3.Connection], T]
"""What reads, in a reader's thread; all its statements see the same moment."""


class Readers:
    """A few threads with read-only connections.

    Args:
        connect: makes such a connection; called once in each thread.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._own = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="graphengine-database-read")
        self._closed = False

    async def read(self, look: Look[T]) -> T:
        """Return what ``look`` finds.

        Raises:
            StoreUnavailable: the database cannot be read, or is closed.
        """
        if self._closed:
            raise StoreUnavailable("the service is closed", "closed")
        return await asyncio.wrap_future(self._pool.submit(self._look, look))

    async def close(self) -> None:
        """Break off what is being read, and close the connections."""
        self._closed = True
        for connection in self._connections:
            connection.interrupt()
        await asyncio.to_thread(self._pool.shutdown)
        for connection in self._connections:
            connection.close()

    def _look(self, look: Look[T]) -> T:
        try:
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                return look(connection)
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            fault = unavailable(error)
            if fault is None:
                raise
            raise fault from None

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
            self._connections.append(connection)
        return connection
