"""What the Ray executor does before there is a cluster: the way in, and the choice of a worker."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import plain_pack
import pytest

from graphengine.app import Engine, load_settings
from graphengine.errors import SettingsRefused
from graphengine.node.declare import spec_of
from graphengine.node.registry import Registry
from graphengine.run.executors.base import Call
from graphengine.run.executors.ray.affinity import Affinity, Traces, traces_of
from graphengine.run.executors.ray.kept import Kept
from graphengine.run.handle import Handle
from graphengine.types.assign import IDENTITY
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef

WITHOUT_RAY = """
import sys

class Absence:
    def find_spec(self, name, path=None, target=None):
        if name == "ray":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absence())
import plain_pack
from graphengine.app import Engine, load_settings
from graphengine.errors import SettingsRefused

Engine(load_settings(), packs=(plain_pack.PACK,)).executor
try:
    Engine(load_settings(executor="ray"), packs=(plain_pack.PACK,)).executor
except SettingsRefused as error:
    print(error, error.hint)
"""


def test_the_engine_runs_without_ray_and_says_how_to_install_it() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(
        [sys.executable, "-c", WITHOUT_RAY], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert "not installed" in said
    assert "pip install 'graphengine[ray]'" in said


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("address", ["ray://127.0.0.1:10001", "127.0.0.1:what", "127.0.0.1:{port}", "[::1]:1"])
def test_an_address_where_no_cluster_is_is_refused_at_once(tmp_path: Path, address: str) -> None:
    address = address.format(port=free_port())
    settings = load_settings(executor="ray", ray_address=address, input_folders=[tmp_path])
    with pytest.raises(SettingsRefused) as caught:
        _ = Engine(settings, packs=(plain_pack.PACK,)).executor
    assert address in str(caught.value)
    assert "host:port" in caught.value.hint


def reading(registry: Registry, name: str) -> Traces:
    """The traces of a call with a linked value of a type that does not last, as recipes of weights are."""
    handle = Handle(Kept(Encoded({"name": name})), TypeRef("File"), 64)
    call = Call(spec_of(plain_pack.look), {}, {"blob": handle}, {"blob": IDENTITY}, None)  # type: ignore[arg-type]
    return traces_of([call], registry)


def test_a_call_goes_where_its_weights_are_and_else_where_its_type_of_node_was(registry: Registry) -> None:
    affinity = Affinity()
    first, second, third = object(), object(), object()
    affinity.note(first, reading(registry, "one"))
    affinity.note(second, reading(registry, "two"))
    affinity.note(third, {"another node": 2})
    idle = [first, second, third]
    assert affinity.choose(idle, reading(registry, "one")) is first
    assert affinity.choose(idle, reading(registry, "two")) is second
    assert affinity.choose(idle, reading(registry, "new")) is second  # the last that made a call of its type
    assert affinity.choose(idle, {"unknown": 1}) is third
    affinity.forget(second)
    assert affinity.choose(idle, reading(registry, "two")) is third


def test_what_an_affinity_remembers_is_bounded() -> None:
    affinity = Affinity()
    old, new = object(), object()
    for number in range(5000):
        affinity.note(new if number > 4500 else old, {number: 1})
    assert len(affinity._last) == 1000
    assert affinity.choose([new, old], {4999: 1}) is new
    assert affinity.choose([new, old], {0: 1}) is old  # the last, as nothing is known
