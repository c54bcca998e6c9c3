"""What the log does not keep: progress and previews of running jobs, for whoever looks right now."""

from collections.abc import Callable

from graphengine.run.messages import Event

Listener = Callable[[str, str, Event], None]
"""Takes the id of a job, its owner and an event, in the loop's thread. It must not raise, and must not wait."""


class LiveFeed:
    """Passes events of running jobs on at once; who does not listen misses them, and nothing is kept."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()

    def tell(self, job: str, owner: str, event: Event) -> None:
        """Pass an event of a job on to all who listen."""
        for listener in self._listeners:
            listener(job, owner, event)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Pass every event from now on to ``listener``, until what is returned is called; again does nothing."""
        own = _Subscription(listener)  # the same listener may listen twice, and stop once
        self._listeners = (*self._listeners, own)

        def stop() -> None:
            self._listeners = tuple(each for each in self._listeners if each is not own)

        return stop


class _Subscription:
    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def __call__(self, job: str, owner: str, event: Event) -> None:
        self._listener(job, owner, event)
