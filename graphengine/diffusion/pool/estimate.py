"""How large modules will be, told from the headers of their files before anything is loaded."""

import math
from collections.abc import Iterator, Mapping, Sequence

import torch

from graphengine.diffusion.headers import Header, read_header
from graphengine.diffusion.types.refs import Part
from graphengine.diffusion.weights import ModelFolder, SingleFile, Source

_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "model": ("unet", "transformer", "prior"),
    "text_encoder": ("text_encoder",),
    "vae": ("vae", "vqvae", "movq"),
}
"""How the folders of a part begin, in the layout of diffusers."""

_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "text_encoder": ("cond_stage_model.", "conditioner.", "text_encoder"),
    "vae": ("first_stage_model.", "vae."),
}
"""How the names of a part's tensors begin in the usual single files; all others are the model's."""


def part_nbytes(source: Source, part: Part, dtype: torch.dtype) -> int:
    """Return about how many bytes a part of ``source`` will take in the number format ``dtype``.

    Where the layout does not tell the parts apart, that is what all of it takes.

    Raises:
        ModelRefused: a header is not sound.
    """
    tensors = _of_file(source, part) if isinstance(source, SingleFile) else _of_folder(source, part)
    return sum(math.prod(shape) for shape in tensors) * dtype.itemsize


def _of_file(source: SingleFile, part: Part) -> Sequence[tuple[int, ...]]:
    shapes = source.header.shapes
    others = tuple(prefix for prefixes in _PREFIXES.values() for prefix in prefixes)
    if part in _PREFIXES:
        own = [shape for name, shape in shapes.items() if name.startswith(_PREFIXES[part])]
    else:
        own = [shape for name, shape in shapes.items() if not name.startswith(others)]
    return own or list(shapes.values())


def _of_folder(source: ModelFolder, part: Part) -> Sequence[tuple[int, ...]]:
    folders = sorted(name for name in source.index if (source.path / name).is_dir())
    own = [name for name in folders if name.startswith(_FOLDERS.get(part, ()))]
    return [shape for name in own or folders for header in _headers(source, name) for shape in header.shapes.values()]


def _headers(source: ModelFolder, folder: str) -> Iterator[Header]:
    """Read the headers of the weights that a loader would take, where there are several variants of them."""
    variant = source.weights_variant(folder)
    for path in sorted((source.path / folder).glob("*.safetensors")):
        named = path.name.split(".")[1].split("-")[0] if path.name.count(".") > 1 else None
        if named == variant:
            yield read_header(path)
