"""OpenEXR files: light and distances in floating point, as renderers and compositors write and read them."""

import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graphengine.diffusion.reading import MAX_PIXELS
from graphengine.errors import NodeError
from graphengine.files.exr import COMMENTS, MAGIC
from graphengine.files.origin import joined
from graphengine.files.roots import File

MEDIA_TYPE = "image/x-exr"


def read_channels(file: File) -> Mapping[str, NDArray[Any]]:
    """Return the channels of the first part of a file by their names, each [height, width], as they were saved.

    Channels of fewer samples than pixels are left out; see :func:`as_floats` for the rest.

    Raises:
        NodeError: it is no EXR file, is broken or deep, has more than 8192 × 8192 pixels, or more than four times as
            many values in all channels of all its parts: the library reads the whole of it.
    """
    library = import_module("OpenEXR")
    try:
        with file.path.open("rb") as content:
            if content.read(4) != MAGIC:
                raise NodeError(f"{file.reference!r} is no OpenEXR file", hint="Use Load image for other pictures.")
        with library.File(str(file.path), header_only=True) as opened:
            height, width = _check_sizes(file, [part.header for part in opened.parts])
        with library.File(str(file.path), separate_channels=True) as opened:
            found = {name: each.pixels for name, each in opened.channels().items()}
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise NodeError(f"{file.reference!r} is broken: {error}", hint="Copy the file again.") from error
    return {name: values for name, values in found.items() if values.shape == (height, width)}


def as_floats(values: NDArray[Any]) -> Tensor:
    """Return a channel as fp32 [height, width]; what is not finite becomes 0."""
    return torch.from_numpy(np.nan_to_num(np.array(values, np.float32), copy=False, posinf=0, neginf=0))


def _check_sizes(file: File, headers: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return height and width of the first part, from the headers of all, unless reading them takes too much memory."""
    if any("deep" in str(header.get("type")) for header in headers):  # any number of samples in a pixel
        raise NodeError(f"{file.reference!r} holds deep pixels", hint="Save it flat.")
    sizes = [_size(header) for header in headers]
    height, width = sizes[0]
    if not 0 < height * width <= MAX_PIXELS:
        raise NodeError(f"{file.reference!r} has more than {MAX_PIXELS} pixels", hint="Scale it down.")
    values = sum(
        rows * columns * len(header["channels"]) for (rows, columns), header in zip(sizes, headers, strict=True)
    )
    if values > 4 * MAX_PIXELS:
        raise NodeError(
            f"{file.reference!r} has more than {4 * MAX_PIXELS} values in all its channels and parts",
            hint="Save fewer channels, or scale it down.",
        )
    return height, width


def _size(header: Mapping[str, Any]) -> tuple[int, int]:
    low, high = header["dataWindow"]
    height, width = (max(int(high[axis]) - int(low[axis]) + 1, 0) for axis in (1, 0))
    return height, width


def exr_bytes(channels: Mapping[str, Tensor], *, half: bool, texts: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a file with some channels.

    Args:
        channels: each fp32 [height, width], by their names.
        half: in 16 bits and not in 32.
        texts: what it says of its origin, see :mod:`graphengine.files.origin`.
    """
    library = import_module("OpenEXR")
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage}
    if texts:
        header[COMMENTS] = joined(texts).decode("ascii")
    pixels = {name: _numbers(values, half=half) for name, values in channels.items()}
    with tempfile.TemporaryDirectory() as folder:  # the library writes to paths alone
        path = Path(folder, "picture.exr")
        with library.File(header, pixels) as made:
            made.write(str(path))
        return path.read_bytes()


def _numbers(values: Tensor, *, half: bool) -> NDArray[Any]:
    return np.ascontiguousarray(values.numpy().astype(np.float16 if half else np.float32))
