"""Who wants what: streams by topic, so that what nobody asked for costs nobody anything."""

from collections.abc import Iterable, Iterator
from typing import Final, Generic, Literal, NamedTuple, TypeVar

from graphengine.server.messages import Subscribe
from graphengine.service.events import EVERYBODY

S = TypeVar("S")


class Topic(NamedTuple):
    """What can be subscribed to: everything, what concerns an owner, or a job or batch."""

    kind: Literal["all", "own", "job"]
    name: str = ""


ALL: Final = Topic("all")


def topics_of(job: str, owner: str) -> tuple[Topic, ...]:
    """Return the topics to which something about a job belongs; the jobs of a batch are named ``batch~number``."""
    found = [ALL, Topic("own", owner), Topic("job", job)]
    while "~" in job:
        job = job.rpartition("~")[0]
        found.append(Topic("job", job))
    return tuple(found)


def topics_for(asked: Subscribe, owner: str) -> tuple[Topic, ...]:
    """Return the topics of a subscription; whoever asks for what is theirs gets what concerns everybody too."""
    match asked.to:
        case "job":
            return (Topic("job", asked.job or ""),)
        case "own":
            return (Topic("own", owner), Topic("own", EVERYBODY))
        case "all":
            return (ALL,)


class Index(Generic[S]):
    """Who subscribed to which topics."""

    def __init__(self) -> None:
        self._found: dict[Topic, set[S]] = {}

    def add(self, topics: Iterable[Topic], subscriber: S) -> None:
        """Let a subscriber be found under these topics."""
        for topic in topics:
            self._found.setdefault(topic, set()).add(subscriber)

    def remove(self, topics: Iterable[Topic], subscriber: S) -> None:
        """Let a subscriber be found under these topics no more."""
        for topic in topics:
            subscribers = self._found.get(topic, set())
            subscribers.discard(subscriber)
            if not subscribers:
                self._found.pop(topic, None)

    def find(self, topics: Iterable[Topic]) -> Iterator[S]:
        """Yield everybody who is found under one of the topics, once."""
        found: set[S] = set()
        for topic in topics:
            found |= self._found.get(topic, set())
        return iter(found)
