"""Weights out of files; :mod:`graphengine.models` says what is in them."""

from collections.abc import Mapping
from typing import Any

from safetensors import safe_open
from torch import Tensor

from graphengine.models.source import SingleFile


def read_tensors(source: SingleFile, prefix: str) -> dict[str, Tensor]:
    """Read the tensors whose names begin with ``prefix``, and no others."""
    with safe_open(source.path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in source.header.shapes if name.startswith(prefix)}


def read_notes(source: SingleFile) -> Mapping[str, str]:
    """Read what a file says of itself beside its tensors."""
    with safe_open(source.path, framework="pt") as file:
        return file.metadata() or {}


def whole(loaded: tuple[Any, Any], *, alone: bool = False) -> Any:
    """Return a module that lacks nothing: the libraries would fill gaps with random numbers.

    Args:
        loaded: the module, and what diffusers or transformers tells of its loading.
        alone: whether there may be no other weights in the file: they would be those of another architecture.

    Raises:
        ValueError: weights are missing, or have no place in the module. Whoever loads a part says of which model.
    """
    module, info = loaded
    wrong = {"are missing": info["missing_keys"], "have no place": info["unexpected_keys"] if alone else ()}
    for what, names in wrong.items():
        if names:
            raise ValueError(f"{len(names)} weights {what}, such as {min(names)}")
    return module
