"""Weights out of a single file; :mod:`graphengine.models` says what is in it."""

from safetensors import safe_open
from torch import Tensor

from graphengine.models.source import SingleFile


def read_tensors(source: SingleFile, prefix: str) -> dict[str, Tensor]:
    """Read the tensors whose names begin with ``prefix``, and no others."""
    with safe_open(source.path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in source.header.shapes if name.startswith(prefix)}
