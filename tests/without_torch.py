"""A pytest plugin, ``-p without_torch``: torch and all that needs it cannot be imported in the process."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

ABSENT = {"torch", "diffusers", "transformers", "tokenizers", "safetensors", "accelerate"}


class Absence:
    """Finds nothing, loudly, where the absent packages would be."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


sys.meta_path.insert(0, Absence())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the folders whose tests need torch to be imported at all."""
    parts = collection_path.relative_to(config.rootpath).parts
    return True if {"diffusion", "nodes", "golden"} & set(parts) else None


def pytest_report_header() -> str:
    return "torch and the diffusion stack: not importable, on purpose"
