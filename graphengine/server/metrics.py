"""Figures for Prometheus, in a registry of their own."""

import asyncio
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from graphengine.service.job import ENDED, TRANSITIONS
from graphengine.service.queue.listing import QueueStatus
from graphengine.service.retention.retention import Retention

STATES: Final = sorted({"queued", "running", *ENDED, *TRANSITIONS.values()})


class Metrics:
    """What the service counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._jobs = Gauge("graphengine_jobs", "Jobs by state.", ["state"], registry=registry)
        self._paused = Gauge("graphengine_queue_paused", "Whether the queue is paused.", registry=registry)
        self._ready = Gauge("graphengine_ready", "Whether the service can do its work.", registry=registry)
        self._requests = Counter(
            "graphengine_requests", "Requests by route and status.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "graphengine_request_seconds",
            "How long requests took, by route.",
            ["method", "route"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
            registry=registry,
        )

        self._lag = Histogram(
            "graphengine_loop_lag_seconds",
            "By how much the event loop came late.",
            buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
            registry=registry,
        )
        self._most_lag = Gauge(
            "graphengine_loop_lag_seconds_max", "The most by which the event loop came late.", registry=registry
        )
        self._most = 0.0
        self._tasks = Gauge("graphengine_loop_tasks", "Tasks of the event loop.", registry=registry)

        names = ["named"]
        self._files = Gauge("graphengine_files", "Assets and output folders.", names, registry=registry)
        self._file_bytes = Gauge("graphengine_file_bytes", "What they take.", names, registry=registry)
        self._removed = Gauge(
            "graphengine_files_removed", "Those that were removed since the start.", registry=registry
        )
        self._removed_bytes = Gauge("graphengine_file_bytes_removed", "What they took.", registry=registry)

    def late(self, seconds: float) -> None:
        """Note by how much the event loop came late."""
        self._lag.observe(seconds)
        if seconds > self._most:
            self._most = seconds
            self._most_lag.set(seconds)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; ``route`` is the pattern, never the path, which clients choose."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def page(self, status: QueueStatus, *, ready: bool, retention: Retention) -> bytes:
        """Return all figures in the text format; in the loop's thread."""
        last, total = retention.last, retention.total
        for named, files, nbytes in (
            ("yes", last.named, last.named_bytes),
            ("no", last.unnamed, last.unnamed_bytes),
        ):
            self._files.labels(named).set(files)
            self._file_bytes.labels(named).set(nbytes)
        self._removed.set(total.removed)
        self._removed_bytes.set(total.removed_bytes)
        for state in STATES:
            self._jobs.labels(state).set(dict(status.counts).get(state, 0))
        self._paused.set(status.paused)
        self._ready.set(ready)
        self._tasks.set(len(asyncio.all_tasks()))
        return generate_latest(self._registry)
