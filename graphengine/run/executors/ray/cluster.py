"""The connection to a Ray cluster: there is one per process, as Ray wants it."""

import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from graphengine.errors import SettingsRefused

_PROBE_SECONDS = 5.0

_HINT = "Give host:port of a cluster that this machine is a node of, or nothing to start one here."

HOME = "io"
"""The lane whose calls are made on the engine's own node, where its files are."""


class Cluster:
    """What the executor knows of the nodes.

    Args:
        address: ``host:port`` of a cluster that this machine is a node of, or ``auto`` for the one that
            ``ray start`` has started here. Empty starts one for this process, or takes the one that it is
            connected to.

    Raises:
        SettingsRefused: nothing answers there, or not in a way that can be used.
    """

    def __init__(self, address: str) -> None:
        self._keeper: ThreadPoolExecutor | None = None
        _probe(address)
        if not ray.is_initialized():
            self._keeper = _connect(address)
        context = ray.get_runtime_context()
        if self._keeper is None and address not in ("", "auto", context.gcs_address):
            message = f"the Ray cluster {address!r} cannot be used: this process is in {context.gcs_address!r} already"
            raise SettingsRefused(message, hint=_HINT)
        self.home: str = context.get_node_id()
        self._gpus = False

    def nodes(self) -> frozenset[str]:
        """Return the ids of the nodes that live, as far as the cluster knows."""
        return frozenset(each["NodeID"] for each in ray.nodes() if each["Alive"])

    def demands(self, lane: str) -> Mapping[str, Any]:
        """Return what an actor of a lane asks of the cluster: only what there is, or it would never come."""
        if lane == HOME:
            return {"num_cpus": 0, "scheduling_strategy": NodeAffinitySchedulingStrategy(self.home, soft=False)}
        there = ray.cluster_resources()
        self._gpus = self._gpus or there.get("GPU", 0) >= 1  # and still if their node is lost: another may come
        if lane == "gpu":
            return {"num_cpus": 0, "num_gpus": int(self._gpus), "scheduling_strategy": "SPREAD"}
        return {"num_cpus": int(there.get("CPU", 0) >= 1), "scheduling_strategy": "SPREAD"}

    def close(self) -> None:
        """Leave the cluster, and end it if it was started here; not if somebody else had connected before."""
        if self._keeper is not None:
            self._keeper.submit(ray.shutdown).result()
            self._keeper.shutdown()
            self._keeper = None


def _connect(address: str) -> ThreadPoolExecutor:
    """Connect, and return the thread that did.

    A main thread would lose its handler of SIGTERM to Ray; and what Ray starts, the system ends with the thread
    that started it.
    """
    keeper = ThreadPoolExecutor(1, thread_name_prefix="graphengine-ray")
    options = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    try:
        keeper.submit(ray.init, address or "local", **options).result()
    except Exception as error:  # noqa: BLE001 - Ray raises what it likes, a bare Exception too
        keeper.shutdown()
        raise SettingsRefused(f"the Ray cluster {address!r} cannot be used: {error}", hint=_HINT) from None
    return keeper


def _probe(address: str) -> None:
    """Look whether anything listens at an address: Ray itself tries for minutes, and then ends the process."""
    if "://" in address:
        raise SettingsRefused(f"the Ray address {address!r} is one for Ray's remote client", hint=_HINT)
    host, colon, port = address.rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PROBE_SECONDS).close()
    except (OSError, ValueError) as error:
        raise SettingsRefused(f"nothing answers at the Ray address {address!r}: {error}", hint=_HINT) from None
