"""How datasets and trained weights become bytes, and values again."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from graphengine.diffusion.types.buffers import from_buffer, to_buffer
from graphengine.diffusion.types.dataset import Augmentation, Dataset, Drawn, Filed
from graphengine.diffusion.types.optimiser import Optimiser
from graphengine.diffusion.types.trained import Weights
from graphengine.types.builtin import FileCodec
from graphengine.types.codec import Encoded

_FILES = FileCodec()


class DatasetCodec:
    """Stores the description."""

    def nbytes(self, value: Dataset) -> int:
        """Return a guess of the size of the description."""
        return 64 + sum(256 * len(each.files) for each in (value.source, value.hints) if isinstance(each, Filed))

    def encode(self, value: Dataset) -> Encoded:
        """Write the description down."""
        hints = value.hints if value.hints is None or isinstance(value.hints, str) else _source_meta(value.hints)
        varied = {} if value.augmentation is None else {"augmentation": asdict(value.augmentation)}
        meta = {"count": value.count, "size": value.size, **_source_meta(value.source), "hints": hints, **varied}
        return Encoded(meta)

    def decode(self, encoded: Encoded) -> Dataset:
        """Read the description."""
        try:
            hints = encoded.meta.get("hints")
            told = _source(hints) if isinstance(hints, Mapping) else hints
            varied = encoded.meta.get("augmentation")
            augmentation = None if varied is None else Augmentation(**varied)
            return Dataset(encoded.meta["count"], encoded.meta["size"], _source(encoded.meta), told, augmentation)
        except KeyError as error:
            raise ValueError(f"a dataset was expected: {error} is missing") from error
        except TypeError as error:
            raise ValueError(f"a dataset was expected: {error}") from error


def _source_meta(source: Drawn | Filed) -> Mapping[str, Any]:
    if isinstance(source, Drawn):
        return {"scenes": source.scenes, "seed": source.seed, "style": source.style, "first": source.first}
    return {"files": [_FILES.encode(file).meta for file in source.files], "captions": list(source.captions)}


def _source(meta: Mapping[str, Any]) -> Drawn | Filed:
    if "scenes" in meta:
        return Drawn(meta["scenes"], meta["seed"], meta.get("style", "flat"), meta.get("first", 0))
    return Filed(tuple(_FILES.decode(Encoded(each)) for each in meta["files"]), tuple(meta["captions"]))


class OptimiserCodec:
    """Stores the settings."""

    def nbytes(self, value: Optimiser) -> int:
        """Return a guess of their size."""
        del value
        return 64

    def encode(self, value: Optimiser) -> Encoded:
        """Write them down."""
        return Encoded(asdict(value))

    def decode(self, encoded: Encoded) -> Optimiser:
        """Read them."""
        try:
            return Optimiser(**encoded.meta)
        except TypeError as error:
            raise ValueError(f"the settings of an optimiser were expected: {error}") from error


class WeightsCodec:
    """Stores the tensors, and the notes."""

    def nbytes(self, value: Weights) -> int:
        """Return the size of the tensors."""
        return sum(tensor.nbytes for tensor in value.tensors.values())

    def encode(self, value: Weights) -> Encoded:
        """Take the tensors out."""
        parts = {name: to_buffer(tensor) for name, tensor in value.tensors.items()}
        shapes = {name: shape for name, (shape, _) in parts.items()}
        meta = {"kind": value.kind, "shapes": shapes, "notes": dict(value.notes)}
        return Encoded(meta, tuple(buffer for _, buffer in parts.values()))

    def decode(self, encoded: Encoded) -> Weights:
        """Put the tensors back."""
        try:
            kind, shapes, notes = (encoded.meta[name] for name in ("kind", "shapes", "notes"))
        except KeyError as error:
            raise ValueError(f"weights were expected: {error} is missing") from error
        return Weights(kind, dict(zip(shapes, map(from_buffer, shapes.values(), encoded.buffers), strict=True)), notes)
