"""A Ray cluster of several nodes on this machine; only who needs one imports Ray."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")

import fault_pack
import plain_pack
import ray
from ray.cluster_utils import Cluster

from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.run.executors.process.patience import Patience
from graphengine.run.executors.ray.executor import RayExecutor

NODE = {"num_cpus": 4, "object_store_memory": 200 * 2**20}

HEALTH = {  # a node that was killed is missed after 1.5 s, one that is only slow after 25
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 300,
    "health_check_timeout_ms": 5000,
    "health_check_failure_threshold": 5,
}


@contextmanager
def two_nodes() -> Iterator[Cluster]:
    """Start a cluster and connect to it."""
    head = {**NODE, "num_cpus": 1, "include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
    cluster = Cluster(initialize_head=True, head_node_args={**head, "_system_config": HEALTH})
    cluster.add_node(**NODE)
    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@contextmanager
def actors(patience: Patience | None = None, **slots: int) -> Iterator[RayExecutor]:
    """Start an executor with the plain pack and the pack of faults."""
    registry = Registry((plain_pack.PACK, fault_pack.PACK))
    source = PackSource(installed=(), modules=("plain_pack", "fault_pack"))
    executor = RayExecutor(registry, source, ServiceOptions(), slots, patience=patience or Patience(cancel=1.0))
    yield executor
    executor.close()
