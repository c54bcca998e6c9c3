"""A message for many clients, encoded once."""

from graphengine.server.messages import Message
from graphengine.server.topics import Topic
from graphengine.server.wire import Format, encode


class Shared:
    """A message for whoever wants one of its topics, encoded once for each format that somebody speaks."""

    __slots__ = ("_frames", "message", "topics")

    def __init__(self, message: Message, topics: tuple[Topic, ...]) -> None:
        self.message = message
        self.topics = topics
        self._frames: dict[Format, bytes] = {}

    def frame(self, form: Format) -> bytes:
        """Return the content of the message's frame."""
        found = self._frames.get(form)
        if found is None:
            found = self._frames[form] = encode(self.message, form)
        return found
