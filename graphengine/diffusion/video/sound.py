"""The sound of one video as the sound of another."""

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Any, Self

from av.container import OutputContainer

from graphengine.diffusion.types.video import Video
from graphengine.diffusion.video.formats import Kind
from graphengine.diffusion.video.opening import container_of


class Track:
    """A track of sound, written beside the pictures as far as they are: neither waits in memory for the other.

    What the players of the format know is copied as it is, all else is encoded anew. Sound begins where its part of the
    video does, to within one packet (about 20 ms).
    """

    def __init__(self, video: Video | None, kind: Kind, container: OutputContainer) -> None:
        self._video, self._kind, self._target = video, kind, container
        self._stack = ExitStack()
        self._packets: Iterator[tuple[Fraction, Any]] = iter(())
        self._next: tuple[Fraction, Any] | None = None

    def __enter__(self) -> Self:
        if self._video is not None and self._video.sound and self._kind.sounds:
            source = self._stack.enter_context(container_of(self._video.file))
            track: Any = source.streams.audio[0]
            copies = track.codec_context.name in self._kind.sounds
            stream: Any = (
                self._target.add_stream_from_template(track)
                if copies
                else self._target.add_stream(self._kind.sounds[0], rate=_rate(track, self._kind))
            )
            begin = Fraction(self._video.first) / self._video.rate
            source.seek(int(begin / track.time_base), stream=track)
            end = begin + self._video.count / self._video.rate
            self._packets = (_copied if copies else _encoded)(source, track, stream, begin, end)
            self._next = next(self._packets, None)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def until(self, time: Fraction) -> None:
        """Write what begins before ``time``, in seconds."""
        while self._next is not None and self._next[0] < time:
            self._target.mux(self._next[1])
            self._next = next(self._packets, None)

    def finish(self) -> None:
        """End the track: what would come after the last frame is left out."""
        self._next = None


def _rate(track: Any, kind: Kind) -> int:
    return 48_000 if kind.sounds[0] == "libopus" else track.rate


def _copied(source: Any, track: Any, stream: Any, begin: Fraction, end: Fraction) -> Iterator[tuple[Fraction, Any]]:
    shift = int(begin / track.time_base)
    for packet in source.demux(track):
        if packet.dts is None or packet.pts < shift:
            continue
        if packet.pts * track.time_base >= end:
            return
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
        packet.stream = stream
        yield packet.pts * track.time_base, packet


def _encoded(source: Any, track: Any, stream: Any, begin: Fraction, end: Fraction) -> Iterator[tuple[Fraction, Any]]:
    shift = int(begin / track.time_base)
    for frame in source.decode(track):
        if frame.pts is None or frame.pts < shift:
            continue
        if frame.pts * track.time_base >= end:
            break
        frame.pts -= shift
        yield from _timed(stream.encode(frame), stream)
    yield from _timed(stream.encode(None), stream)


def _timed(packets: Any, stream: Any) -> Iterator[tuple[Fraction, Any]]:
    for packet in packets:
        yield max(Fraction(0), (packet.pts or 0) * (packet.time_base or stream.time_base)), packet
