"""What calls take of the memory: measured where they are made, as each ends."""

import math
import threading
import time
from pathlib import Path
from typing import Final, NamedTuple

from graphengine.models.use import DeviceUse
from graphengine.node.footprint import Footprint
from graphengine.node.pack import Gauge
from graphengine.run.executors.binding import Services

LEAST_SECONDS: Final = 0.005
"""What is over sooner has hardly touched memory, and is not worth looking."""

FRESH_SECONDS: Final = 0.05
"""How long what was seen last is taken for what there is when a call begins: to look costs 50 µs."""

_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")
_PEAK: Final = "5"  # what is written there sets the peak back to what is in use; Linux since 4.0


class Resident(NamedTuple):
    """What a process has in memory now, and at most since the peak was set back, in bytes."""

    now: int
    peak: int


class Begun(NamedTuple):
    """A call that has begun: alone or not, and in which stretch of calls beside each other."""

    alone: bool
    stretch: int


class Meter:
    """Measures the calls of one process.

    The system knows peaks of the process and not of calls, so only a call is measured that nothing ran beside.
    """

    def __init__(self, services: Services) -> None:
        self._gauges = [service for service in services.values() if isinstance(service, Gauge)]
        self._lock = threading.Lock()
        self._running = 0
        self._stretch = 0  # rises whenever calls run beside each other
        self._spoilt = False  # what happened since the last look was not one call
        self._before: Resident | None = None
        self._looked = -math.inf

    def begin(self) -> Begun:
        """Note that a call begins."""
        with self._lock:
            self._running += 1
            alone = self._running == 1
            if not alone:
                self._stretch += 1
                self._spoilt = True
            elif time.monotonic() - self._looked > FRESH_SECONDS:
                self._look()
            return Begun(alone, self._stretch)

    def end(self, begun: Begun, seconds: float) -> Footprint | None:
        """Note that it is over, after ``seconds``, and return what it took, if that can be told."""
        with self._lock:
            self._running -= 1
            if not begun.alone or begun.stretch != self._stretch or seconds < LEAST_SECONDS:
                return None
            spoilt, before = self._spoilt, self._before
            use = self._look()
            return None if spoilt else _footprint(before, self._before, use)

    def _look(self) -> DeviceUse | None:
        """Take note of what there is, and return what was used since the last time."""
        self._before = _resident()
        self._looked, self._spoilt = time.monotonic(), False
        return next((use for use in [gauge.take() for gauge in self._gauges] if use is not None), None)


def _footprint(before: Resident | None, after: Resident | None, use: DeviceUse | None) -> Footprint:
    loaded = 0 if use is None else use.loaded
    host = None if before is None or after is None else max(0, after.peak - before.now - loaded)
    if use is None:
        return Footprint(host)
    return Footprint(host, use.weights, use.working, use.device, use.capacity)


def _resident() -> Resident | None:
    """Return what this process has in memory, and set its peak back; None where the system does not tell."""
    try:
        lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if line.startswith("Vm"))
        _RESET.write_text(_PEAK)
        now, peak = (int(lines[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    except (OSError, KeyError, ValueError):
        return None
    return Resident(now, peak)
