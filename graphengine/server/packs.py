"""Packs on their way: the service answers before they are loaded, and whoever needs them waits a while."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from graphengine.errors import NotReady, PackError
from graphengine.node.catalogue.loader import PackFault

PATIENCE: Final = 30.0
"""The seconds that a request waits for the packs before it is told to come again."""

LOADING: Final = "loading packs"

_AGAIN: Final = 2.0
_LOG = logging.getLogger(__name__)


class Loads(Protocol):
    """An engine, as far as its packs are concerned; see :class:`graphengine.server.backend.Engine`."""

    @property
    def faults(self) -> Sequence[PackFault]:
        """The packs that are left out."""
        ...

    def load(self) -> None:
        """Find out which nodes there are."""
        ...

    def confirm(self) -> None:
        """See that nodes can be called."""
        ...

    def give_up(self) -> None:
        """End both."""
        ...


class Packs:
    """How far an engine is with its packs.

    Attributes:
        reason: why no node can be called yet, or nothing.
    """

    def __init__(self, engine: Loads, patience: float = PATIENCE) -> None:
        self.reason = LOADING
        self._engine = engine
        self._patience = patience
        self._known = asyncio.Event()
        self._given_up = False

    async def wait(self) -> None:
        """Wait a while until it is known which nodes there are.

        Raises:
            NotReady: that takes too long, or the service closes.
        """
        try:
            async with asyncio.timeout(self._patience):
                await self.until_known()
        except TimeoutError:
            raise NotReady("the packs of nodes are still being loaded") from None

    async def until_known(self) -> None:
        """Wait until it is known which nodes there are, however long.

        Raises:
            NotReady: the service closes.
        """
        await self._known.wait()
        if self._given_up:
            raise NotReady("the service is closing")

    async def load(self, begin: Callable[[], None]) -> None:
        """Load them; call ``begin`` when nodes can be called.

        Raises:
            PackError: they cannot be loaded; ``PacksChanged`` is one of these.
        """
        try:
            await asyncio.to_thread(self._engine.load)
            self._known.set()
            for fault in self._engine.faults:
                _LOG.warning("left out: %s", fault.message)
            await self._confirm()
        except PackError:
            if not self._given_up:
                raise
        else:
            self.reason = ""
            begin()

    def give_up(self) -> None:
        """Let :meth:`load` end soon: the service closes."""
        self._given_up = True
        self._known.set()
        self._engine.give_up()

    async def _confirm(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._engine.confirm)
            except NotReady as error:
                if self._given_up:
                    raise PackError("the service closes") from None
                if str(error) != self.reason:
                    _LOG.warning("no job can be run: %s", error)
                self.reason = str(error)
                await asyncio.sleep(_AGAIN)
            else:
                return
