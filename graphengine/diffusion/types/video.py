"""Videos: files with moving pictures, and the part of them that is meant."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from graphengine.files.roots import File
from graphengine.types.builtin import FileCodec
from graphengine.types.codec import Encoded

_FILES = FileCodec()


@dataclass(frozen=True, slots=True)
class Video:
    """A part of a video file: its frames from ``first`` on, and the sound beside them.

    Nothing of it is decoded here. Its frames travel as a sequence of :class:`Image`, one by one.

    Attributes:
        file: where it is.
        width, height: of the frames in pixels, turned as the file says.
        rate: frames per second; of a file whose rate varies, the average.
        first: the first frame that is meant, counted in the file from 0.
        count: how many frames are meant, at least one.
        sound: whether there is a sound track.

    Raises:
        ValueError: a size, the rate or the count is not above 0, or ``first`` is below.
    """

    file: File
    width: int
    height: int
    rate: Fraction
    first: int
    count: int
    sound: bool = False

    def __post_init__(self) -> None:
        if min(self.width, self.height, self.count) < 1 or self.rate <= 0 or self.first < 0:
            raise ValueError(f"{self.count} frames of {self.width} x {self.height} at {self.rate} are no video")

    @property
    def seconds(self) -> float:
        """How long the part is."""
        return float(self.count / self.rate)


class VideoCodec:
    """Stores where a video is, not its content."""

    def nbytes(self, value: Video) -> int:
        """Return a guess of the size of the reference."""
        return 128 + _FILES.nbytes(value.file)

    def encode(self, value: Video) -> Encoded:
        """Write down which part of which file."""
        plain = {name: getattr(value, name) for name in _PLAIN}
        rate = [value.rate.numerator, value.rate.denominator]
        return Encoded({**plain, "rate": rate, "file": dict(_FILES.encode(value.file).meta)})

    def decode(self, encoded: Encoded) -> Video:
        """Read it again."""
        meta: Mapping[str, Any] = encoded.meta
        try:
            plain = {name: meta[name] for name in _PLAIN}
            file = _FILES.decode(Encoded(meta["file"]))
            return Video(file=file, rate=Fraction(*meta["rate"]), **plain)
        except KeyError as error:
            raise ValueError(f"the description of a video lacks {error}") from error


_PLAIN = ("width", "height", "first", "count", "sound")
