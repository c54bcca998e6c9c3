"""A thread for what nobody waits for."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")

_LOG = logging.getLogger(__name__)


class Background(Generic[Item]):
    """Treats one item after the other in a thread, which lives while there are any.

    What the treatment raises is logged and goes no further.

    Args:
        most: how many items may wait; of more, those that came first are forgotten.
    """

    def __init__(self, treat: Callable[[Item], None], most: int) -> None:
        self._treat = treat
        self._waiting: deque[Item] = deque(maxlen=most)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, item: Item) -> None:
        """Let an item be treated, unless it waits already; returns at once."""
        with self._lock:
            if self._closed or item in self._waiting:
                return
            self._waiting.append(item)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="graphengine-prefetch", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Forget what waits, and wait for what is being treated; takes nothing any more."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                item = self._waiting.popleft()
            try:
                self._treat(item)
            except Exception:  # noqa: BLE001 - nobody waits for it: whoever needs the item meets the same error
                _LOG.debug("in the background, %r could not be treated", item, exc_info=True)
            del item  # or the thread would hold it while it ends
