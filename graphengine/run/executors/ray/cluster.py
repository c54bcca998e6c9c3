"""The connection to a Ray cluster: there is one per process, as Ray wants it."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from graphengine.errors import SettingsRefused

HOME = "io"
"""The lane whose calls are made on the engine's own node, where its files are."""


class Cluster:
    """What the executor knows of the nodes.

    Args:
        address: ``host:port`` of a cluster that this machine is a node of. Empty takes the one that this process
            is connected to, or that ``RAY_ADDRESS`` or a local ``ray start`` names, or starts one.

    Raises:
        SettingsRefused: nothing answers there, or not in a way that can be used.
    """

    def __init__(self, address: str) -> None:
        self._own = not ray.is_initialized()
        if self._own:
            _connect(address)
        self.home: str = ray.get_runtime_context().get_node_id()
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
        if self._own:
            self._own = False
            ray.shutdown()


def _connect(address: str) -> None:
    if "://" in address:
        message = f"the Ray address {address!r} is one for Ray's remote client"
        raise SettingsRefused(message, hint="Run the engine on a node of the cluster, and give host:port.")
    try:
        # in a thread, because in the main one Ray would take SIGTERM for itself
        with ThreadPoolExecutor(1) as thread:
            thread.submit(
                ray.init, address or None, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
            ).result()
    except (OSError, RuntimeError, ValueError) as error:
        place = f"the Ray cluster at {address}" if address else "a Ray cluster"
        raise SettingsRefused(f"{place} cannot be used: {error}") from None
