"""Small results that carry texts of their origin."""

import io
from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np
from PIL import Image

from graphengine.files.carried import COMMENT
from graphengine.files.exif import exif_of
from graphengine.files.picture import png_text


def picture(format_: str, texts: Mapping[str, str]) -> bytes:
    """Return a picture, which carries texts by keyword."""
    written = io.BytesIO()
    more = {"pnginfo": png_text(texts)} if format_ == "png" else {"exif": exif_of(texts, format_)}
    Image.new("RGB", (32, 32), "teal").save(written, format_, **more)
    return written.getvalue()


def film(path: Path, comment: str | None) -> bytes:
    """Write a video of one frame, an MP4 or a WebM, which carries a comment, and return its bytes."""
    with av.open(str(path), "w") as container:
        if comment is not None:
            container.metadata[COMMENT] = comment
        stream = container.add_stream("libx264" if path.suffix == ".mp4" else "libvpx-vp9", rate=8)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    return path.read_bytes()
