"""What the golden tests share: an engine that keeps models and results, and runs ready-made workflows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ready_workflows import Make, run_ready

from graphengine.app import Engine, load_settings


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder from which workflows take files."""
    return tmp_path_factory.mktemp("inputs")


@pytest.fixture(scope="module")
def make(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Run a workflow by its name; see :func:`ready_workflows.run_ready`."""
    folder = tmp_path_factory.mktemp("made")
    engine = Engine(
        load_settings(data_dir=folder / "data", packs=["builtin"], input_folders=[inputs], disk_cache_bytes=0)
    )
    yield lambda name, /, **values: run_ready(engine, folder / "out", name, **values)
    engine.close()
