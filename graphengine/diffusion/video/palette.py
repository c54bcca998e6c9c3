"""The 256 colours of a frame of a GIF."""

from fractions import Fraction
from typing import Any

from av import VideoFrame
from av.filter import Graph


class Palettes:
    """Gives each frame a palette of its own, so that none has to wait for the last; FFmpeg's filters make them."""

    def __init__(self, width: int, height: int, time_base: Fraction) -> None:
        graph: Any = Graph()
        source = graph.add_buffer(width=width, height=height, format="rgb24", time_base=time_base)
        split, make = graph.add("split"), graph.add("palettegen", "stats_mode=single")
        use = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=4")
        source.link_to(split)
        split.link_to(make, output_idx=0)
        split.link_to(use, output_idx=1)
        make.link_to(use, input_idx=1)
        use.link_to(graph.add("buffersink"))
        graph.configure()
        self._graph, self._time, self._count = graph, time_base, 0

    def apply(self, frame: VideoFrame) -> VideoFrame:
        """Return a frame in its palette."""
        frame.pts, frame.time_base = self._count, self._time
        self._count += 1
        self._graph.push(frame)
        found: VideoFrame = self._graph.vpull()
        return found
