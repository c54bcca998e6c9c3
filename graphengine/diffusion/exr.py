"""OpenEXR files: light and distances in floating point, as renderers and compositors write and read them."""

import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graphengine.diffusion.reading import MAX_PIXELS
from graphengine.errors import NodeError
from graphengine.files.roots import File

MEDIA_TYPE = "image/x-exr"

_MAGIC = b"\x76\x2f\x31\x01"


def read_channels(file: File) -> Mapping[str, Tensor]:
    """Return the channels of the first part of a file by their names, each fp32 [height, width].

    What is not finite becomes 0; channels of fewer samples than pixels are left out.

    Raises:
        NodeError: it is no EXR file, is broken, or has more than 8192 × 8192 pixels.
    """
    library = import_module("OpenEXR")
    try:
        with file.path.open("rb") as content:
            if content.read(4) != _MAGIC:
                raise NodeError(f"{file.reference!r} is no OpenEXR file", hint="Use Load image for other pictures.")
        with library.File(str(file.path), header_only=True) as opened:
            low, high = opened.header()["dataWindow"]
        height, width = (int(high[axis]) - int(low[axis]) + 1 for axis in (1, 0))
        if not 0 < height * width <= MAX_PIXELS:
            raise NodeError(f"{file.reference!r} has more than {MAX_PIXELS} pixels", hint="Scale it down.")
        with library.File(str(file.path), separate_channels=True) as opened:
            found = {name: np.array(each.pixels, np.float32) for name, each in opened.channels().items()}
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise NodeError(f"{file.reference!r} is broken: {error}", hint="Copy the file again.") from error
    whole = {name: values for name, values in found.items() if values.shape == (height, width)}
    return {name: torch.from_numpy(np.nan_to_num(values, posinf=0, neginf=0)) for name, values in whole.items()}


def exr_bytes(channels: Mapping[str, Tensor], *, half: bool) -> bytes:
    """Return the bytes of a file with some channels.

    Args:
        channels: each fp32 [height, width], by their names.
        half: in 16 bits and not in 32.
    """
    library = import_module("OpenEXR")
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage}
    pixels = {name: _numbers(values, half=half) for name, values in channels.items()}
    with tempfile.TemporaryDirectory() as folder:  # the library writes to paths alone
        path = Path(folder, "picture.exr")
        with library.File(header, pixels) as made:
            made.write(str(path))
        return path.read_bytes()


def _numbers(values: Tensor, *, half: bool) -> NDArray[Any]:
    return np.ascontiguousarray(values.numpy().astype(np.float16 if half else np.float32))
