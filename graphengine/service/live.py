"""What happens in runs and is not kept: progress and previews, told at once to whoever listens."""

from collections.abc import Callable

from graphengine.run.messages import Event

Listener = Callable[[str, str, Event], None]


class LiveFeed:
    """Passes events of running jobs on, in the event loop's thread; nothing is stored."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def tell(self, job: str, owner: str, event: Event) -> None:
        """Hand an event of a job to every listener."""
        for listener in tuple(self._listeners):
            listener(job, owner, event)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hand every event from now on to ``listener``, until what is returned is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
