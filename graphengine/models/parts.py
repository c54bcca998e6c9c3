"""The parts of a model and how large each is, told from headers before anything is loaded."""

import math
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.models.header import Header, read_header
from graphengine.models.source import ModelFolder, SingleFile, Source, open_source

Part = Literal[
    "model", "text_encoder", "image_encoder", "vae", "upscaler", "depth", "control", "pipeline", "interpolator"
]
"""What a model is made of: the denoiser, what reads texts, what looks at pictures, and what is between pictures and
latents; and what is a model of its own: an upscaler, what tells depth, what makes a denoiser follow a picture, a whole
pipeline, or what makes frames between frames."""

_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "model": ("unet", "transformer", "prior"),
    "text_encoder": ("text_encoder",),
    "image_encoder": ("image_encoder",),
    "vae": ("vae", "vqvae", "movq"),
}
"""How the folders of a part begin, in the layout of diffusers."""

_IN_TURN = ("transformer_2",)
"""Folders of denoisers that are used after others, and are models of their own: as large as these."""

_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "text_encoder": ("cond_stage_model.", "conditioner.", "text_encoder"),
    "vae": ("first_stage_model.", "vae."),
}
"""How the names of a part's tensors begin in the usual single files; all others are the model's."""


class WeightCounts:
    """How many numbers the parts of models hold, remembered by their content."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], int | None] = {}
        self._lock = threading.Lock()

    def of(self, file: File, part: str) -> int | None:
        """Return how many numbers a part of a file or folder holds; None if it is no model, or not a sound one."""
        key = (file.digest, part)
        with self._lock:
            if key in self._known:
                return self._known[key]
        try:
            found: int | None = count_weights(open_source(file.path), part)
        except (ModelRefused, OSError):
            found = None
        with self._lock:
            self._known[key] = found
        return found


def count_weights(source: Source, part: str) -> int:
    """Return about how many numbers a part of ``source`` holds.

    Where the layout does not tell the parts apart, or knows none of that name, that is how many all of it holds.

    Raises:
        ModelRefused: a header is not sound.
    """
    tensors = _of_file(source, part) if isinstance(source, SingleFile) else _of_folder(source, part)
    return sum(math.prod(shape) for shape in tensors)


def formats_of(source: Source) -> Mapping[str, int]:
    """Return how many numbers are in each number format, such as ``F16``, in the weights that a loader would take.

    Raises:
        ModelRefused: a header is not sound.
    """
    if isinstance(source, SingleFile):
        return source.header.formats
    folders = [name for name in source.index if (source.path / name).is_dir()]
    return dict(sum((Counter(each.formats) for name in folders for each in _headers(source, name)), Counter[str]()))


def _of_file(source: SingleFile, part: str) -> Sequence[tuple[int, ...]]:
    shapes = source.header.shapes
    others = tuple(prefix for prefixes in _PREFIXES.values() for prefix in prefixes)
    if part in _PREFIXES:
        own = [shape for name, shape in shapes.items() if name.startswith(_PREFIXES[part])]
    elif part == "model":
        own = [shape for name, shape in shapes.items() if not name.startswith(others)]
    else:
        own = []
    return own or list(shapes.values())


def _of_folder(source: ModelFolder, part: str) -> Sequence[tuple[int, ...]]:
    folders = sorted(name for name in source.index if (source.path / name).is_dir())
    own = [name for name in folders if name.startswith(_FOLDERS.get(part, ())) and name not in _IN_TURN]
    return [shape for name in own or folders for header in _headers(source, name) for shape in header.shapes.values()]


def _headers(source: ModelFolder, folder: str) -> Iterator[Header]:
    """Read the headers of the weights that a loader would take, where there are several variants of them."""
    variant = source.weights_variant(folder)
    for path in sorted((source.path / folder).glob("*.safetensors")):
        named = path.name.split(".")[1].split("-")[0] if path.name.count(".") > 1 else None
        if named == variant:
            yield read_header(path)
