"""The timeline of a run, in the trace event format that Perfetto and Chrome open.

Each lane is a process of the trace and each call at a time a row in it. Before a call stands how long it waited for a
slot of its lane after everything it takes was there; results from the cache are marks, and the bytes of the results
made so far are a counter.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from graphengine.plan.plan import Plan
from graphengine.run.messages import (
    Event,
    TaskCached,
    TaskFailed,
    TaskFinished,
    TaskProgress,
    TaskRetried,
    TaskSkipped,
    TaskStarted,
)

MICROSECONDS = 1e6


class Trace:
    """Notes the events of one run as they come.

    Args:
        plan: what is run.
        clock: seconds from any beginning.
    """

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.perf_counter) -> None:
        self._plan = plan
        self._clock = clock
        self._began = clock()
        self._lanes: dict[str, int] = {}
        self._rows: defaultdict[str, list[str | None]] = defaultdict(list)  # who is in each row of a lane
        self._started: dict[str, float] = {}
        self._there: dict[str, float] = {}
        self._bytes = 0
        self._events: list[dict[str, Any]] = []

    def note(self, event: Event) -> None:
        """Take one event in."""
        now = (self._clock() - self._began) * MICROSECONDS
        match event:
            case TaskStarted(task):
                self._start(task, now)
            case TaskFinished(task, _, nbytes, together):
                self._end(task, now, {"bytes": nbytes, "together": together})
                self._count(nbytes, now)
            case TaskFailed(task, failure) | TaskRetried(task, failure):
                self._end(task, now, {"failure": str(failure)})
            case TaskCached(task):
                self._there[task] = now
                self._mark(task, "cached", now, {})
            case TaskSkipped(task, cause):
                self._mark(task, "skipped", now, {"cause": cause})
            case TaskProgress(task, step, total):
                self._mark(task, "step", now, {"step": step, "total": total})
            case _:
                pass

    def data(self) -> Mapping[str, Any]:
        """Return the trace as plain JSON data."""
        names = [
            {"name": "process_name", "ph": "M", "pid": number, "tid": 0, "args": {"name": f"lane {lane}"}}
            for lane, number in self._lanes.items()
        ]
        return {"traceEvents": [*names, *self._events], "displayTimeUnit": "ms"}

    def _start(self, task: str, now: float) -> None:
        self._started[task] = now
        rows = self._rows[self._lane(task)]
        if None not in rows:
            rows.append(None)
        row = rows.index(None)
        rows[row] = task
        waited_for = (task, *self._plan.tasks[task].awaits)  # the task itself if it was tried before
        ready = max(self._there.get(each, 0.0) for each in waited_for)
        if now > ready:
            self._wait(task, row, ready, now)

    def _end(self, task: str, now: float, details: Mapping[str, Any]) -> None:
        self._there[task] = now
        rows = self._rows[self._lane(task)]
        row = rows.index(task)
        rows[row] = None
        planned = self._plan.tasks[task]
        arguments = {"node": planned.spec.key, "fingerprint": planned.fingerprint, **details}
        self._slice(task, task, row, self._started[task], now, arguments)

    def _slice(self, task: str, name: str, row: int, begin: float, end: float, arguments: Mapping[str, Any]) -> None:
        place = {"pid": self._lanes[self._lane(task)], "tid": row}
        self._events.append({"name": name, "ph": "X", "ts": begin, "dur": end - begin, **place, "args": arguments})

    def _wait(self, task: str, row: int, begin: float, end: float) -> None:
        """Two ends with one id, not a slice: the row may be somebody else's while this one waits for it."""
        place = {"cat": "wait", "id": task, "pid": self._lanes[self._lane(task)], "tid": row, "name": f"{task} waits"}
        self._events += [{"ph": "b", "ts": begin, **place}, {"ph": "e", "ts": end, **place}]

    def _mark(self, task: str, what: str, now: float, arguments: Mapping[str, Any]) -> None:
        lane = self._lane(task)
        row = self._rows[lane].index(task) if task in self._rows[lane] else 0
        place = {"pid": self._lanes[lane], "tid": row}
        self._events.append({"name": f"{task} {what}", "ph": "i", "s": "t", "ts": now, **place, "args": arguments})

    def _count(self, nbytes: int, now: float) -> None:
        self._bytes += nbytes
        self._events.append({"name": "result bytes", "ph": "C", "ts": now, "pid": 0, "args": {"bytes": self._bytes}})

    def _lane(self, task: str) -> str:
        lane = self._plan.tasks[task].spec.lane
        self._lanes.setdefault(lane, len(self._lanes) + 1)
        return lane
