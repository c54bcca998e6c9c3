"""What the tests of the engine share: an engine and a registry with plain nodes."""

import os
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import fault_pack
import plain_pack
import pytest
from documents import Nodes, workflow

from graphengine.app import Engine, load_settings
from graphengine.errors import Problem, WorkflowError
from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.run.executors.base import Executor
from graphengine.run.executors.process.executor import ProcessExecutor
from graphengine.run.executors.process.patience import Patience


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Take a figure that was measured; all of them are printed at the end, whichever process measured them."""
    return lambda text: record_property("figure", text)


UNSTEADY = ("browser", "fault")
"""Rooms whose tests wait for browsers, workers and clusters that share two processors with other tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what a busy machine may upset be tried twice more, and be counted as such; never where faults are counted."""
    if "GRAPHENGINE_TRIALS" in os.environ:
        return
    for item in items:
        if item.path.parent.name in UNSTEADY:
            item.add_marker(pytest.mark.flaky(reruns=2))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [each for status in ("passed", "failed") for each in terminalreporter.getreports(status)]
    figures = [str(text) for each in reports for name, text in each.user_properties if name == "figure"]
    if figures:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(figures))


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test touches the home folder, or finds what another has left."""
    path = tmp_path.with_name(f"{tmp_path.name}-data")
    monkeypatch.setenv("GRAPHENGINE_DATA_DIR", str(path))
    return path


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry((plain_pack.PACK,))


@pytest.fixture(scope="session")
def processes() -> Iterator[ProcessExecutor]:
    """Worker processes with the plain pack and the pack of faults, shared because they take time to start."""
    registry = Registry((plain_pack.PACK, fault_pack.PACK))
    source = PackSource(installed=(), modules=("plain_pack", "fault_pack"))
    slots = {"gpu": 1, "cpu": 2}
    executor = ProcessExecutor(registry, source, ServiceOptions(), slots, Patience(cancel=1.0))
    yield executor
    executor.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A Ray cluster of two nodes on this machine, which this process is connected to."""
    with import_module("ray_cluster").two_nodes() as cluster:  # who needs none does not import Ray
        yield cluster


@pytest.fixture(scope="session")
def rays(cluster: Any) -> Iterator[Executor]:
    """Actors with the plain pack and the pack of faults, shared because they take time to start."""
    with import_module("ray_cluster").actors(gpu=1, cpu=2, io=1) as executor:
        yield executor


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine with the plain pack, whose inputs lie in ``tmp_path/inputs``."""
    (tmp_path / "inputs").mkdir()
    settings = load_settings(input_folders=[tmp_path / "inputs"], model_folders=[tmp_path / "models"])
    return Engine(settings, packs=(plain_pack.PACK,))


@pytest.fixture
def problems(engine: Engine) -> Callable[..., list[Problem]]:
    """Return the problems of a workflow, which must have some."""

    def find(nodes: Nodes, **rest: Any) -> list[Problem]:
        with pytest.raises(WorkflowError) as caught:
            engine.resolve(workflow(nodes, **rest))
        return list(caught.value.problems)

    return find
