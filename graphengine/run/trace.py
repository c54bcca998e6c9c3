"""The timeline of a run, in the trace event format that Perfetto and Chrome open.

Each lane is a process of the trace and each call at a time a row in it. Before a call stands how long it waited for a
slot of its lane after everything it takes was there, and inside it the parts that the node names; results from the
cache are marks, and the bytes of the results made so far are a counter. What the cache does stands in processes of its
own: lookups that took time, reading and writing.
"""

import heapq
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from graphengine.plan.plan import Plan, Task
from graphengine.run.cache.timings import Span, Stage
from graphengine.run.messages import (
    Event,
    TaskCached,
    TaskExpanded,
    TaskFailed,
    TaskFinished,
    TaskProgress,
    TaskRetried,
    TaskSkipped,
    TaskSpan,
    TaskStarted,
)

MICROSECONDS = 1e6

_CACHE: Mapping[str, frozenset[Stage]] = {
    "cache lookups": frozenset(("lookup",)),
    "cache reads": frozenset(("read", "decode")),
    "cache writes": frozenset(("encode", "write")),
}


class Trace:
    """Notes the events of one run as they come, and what the cache spends time with.

    Args:
        plan: what is run.
        clock: seconds from any beginning; what calls and the cache measure themselves is in ``time.perf_counter``.
    """

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.perf_counter) -> None:
        self._tasks = dict(plan.calls)
        self._clock = clock
        self._began = clock()
        self._lanes: dict[str, int] = {}
        self._rows: defaultdict[str, list[str | None]] = defaultdict(list)  # who is in each row of a lane
        self._started: dict[str, float] = {}
        self._there: dict[str, float] = {}
        self._bytes = 0
        self._parts: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)  # of calls, the outermost
        self._spans: list[Span] = []
        self._cached: set[str] = set()
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
            case TaskSpan(task, name, began, seconds):
                self._part(task, name, (began - self._began) * MICROSECONDS, seconds * MICROSECONDS, now)
            case TaskCached(task):
                self._there[task] = now
                self._cached.add(task)
                self._mark(task, "cached", now, {})
            case TaskExpanded(_, _, steps):
                self._tasks |= {each.name: each for each in steps if isinstance(each, Task)}
            case TaskSkipped(task, cause) if task in self._tasks:
                self._mark(task, "skipped", now, {"cause": cause})
            case TaskProgress(task, step, total):
                self._mark(task, "step", now, {"step": step, "total": total})
            case _:
                pass

    def hear(self, span: Span) -> None:
        """Take in what the cache did, from any thread; what it did for other runs is left out in the end."""
        self._spans.append(span)

    def data(self) -> Mapping[str, Any]:
        """Return the trace as plain JSON data."""
        events = [_process(f"lane {lane}", number) for lane, number in self._lanes.items()]
        events += self._events
        mine = {task.fingerprint: task.name for task in self._tasks.values()}
        for number, (process, stages) in enumerate(_CACHE.items(), len(self._lanes) + 1):
            spans = [each for each in self._spans if each.stage in stages and each.fingerprint in mine]
            events += [_process(process, number)] if spans else []
            events += [self._of_cache(mine[span.fingerprint], span, number, row) for row, span in _in_rows(spans)]
        return {"traceEvents": events, "displayTimeUnit": "ms"}

    def _of_cache(self, task: str, span: Span, process: int, row: int) -> dict[str, Any]:
        begin, end = (max(0.0, (each - self._began) * MICROSECONDS) for each in (span.began, span.ended))
        arguments: dict[str, Any] = {"bytes": span.nbytes, "fingerprint": span.fingerprint}
        if span.stage == "lookup":
            arguments["hit"] = task in self._cached
        place = {"pid": process, "tid": row, "args": arguments}
        return {"name": f"{task} {span.stage}", "ph": "X", "ts": begin, "dur": end - begin, **place}

    def _start(self, task: str, now: float) -> None:
        self._started[task] = now
        rows = self._rows[self._lane(task)]
        if None not in rows:
            rows.append(None)
        row = rows.index(None)
        rows[row] = task
        waited_for = (task, *self._tasks[task].awaits)  # the task itself if it was tried before
        ready = max(self._there.get(each, 0.0) for each in waited_for)
        if now > ready:
            self._free("wait", task, task, f"{task} waits", ready, now)

    def _end(self, task: str, now: float, details: Mapping[str, Any]) -> None:
        self._there[task] = now
        rows = self._rows[self._lane(task)]
        row = rows.index(task)
        rows[row] = None
        planned = self._tasks[task]
        arguments = {"node": planned.spec.key, "fingerprint": planned.fingerprint, **details}
        self._slice(task, task, row, self._started[task], now, arguments)

    def _slice(self, task: str, name: str, row: int, begin: float, end: float, arguments: Mapping[str, Any]) -> None:
        place = {"pid": self._lanes[self._lane(task)], "tid": row}
        self._events.append({"name": name, "ph": "X", "ts": begin, "dur": end - begin, **place, "args": arguments})

    def _part(self, task: str, name: str, begin: float, duration: float, now: float) -> None:
        """Put a named part into its call; parts of several threads, which may overlap, stand free."""
        rows = self._rows[self._lane(task)]
        if task not in rows:
            return  # from a thread that the call left behind
        row, parts = rows.index(task), self._parts[task]
        begin = max(begin, self._started[task])
        end = max(begin, min(begin + duration, now))
        outside = len(parts)
        while outside and parts[outside - 1][0] >= begin:
            outside -= 1
        if outside and parts[outside - 1][1] > begin:
            self._free("part", task, f"{task} {len(self._events)}", f"{task} {name}", begin, end)
            return
        parts[outside:] = [(begin, end)]
        self._slice(task, name, row, begin, end, {})

    def _free(self, category: str, task: str, identity: str, name: str, begin: float, end: float) -> None:
        """Note two ends with one id, not a slice: the row may be somebody else's at that time."""
        lane = self._lane(task)
        place = {"pid": self._lanes[lane], "tid": self._rows[lane].index(task)}
        pair = {"cat": category, "id": identity, "name": name, **place}
        self._events += [{"ph": "b", "ts": begin, **pair}, {"ph": "e", "ts": end, **pair}]

    def _mark(self, task: str, what: str, now: float, arguments: Mapping[str, Any]) -> None:
        lane = self._lane(task)
        row = self._rows[lane].index(task) if task in self._rows[lane] else 0
        place = {"pid": self._lanes[lane], "tid": row}
        self._events.append({"name": f"{task} {what}", "ph": "i", "s": "t", "ts": now, **place, "args": arguments})

    def _count(self, nbytes: int, now: float) -> None:
        self._bytes += nbytes
        self._events.append({"name": "result bytes", "ph": "C", "ts": now, "pid": 0, "args": {"bytes": self._bytes}})

    def _lane(self, task: str) -> str:
        lane = self._tasks[task].spec.lane
        self._lanes.setdefault(lane, len(self._lanes) + 1)
        return lane


def _process(name: str, number: int) -> dict[str, Any]:
    return {"name": "process_name", "ph": "M", "pid": number, "tid": 0, "args": {"name": name}}


def _in_rows(spans: Iterable[Span]) -> Iterator[tuple[int, Span]]:
    """Yield spans with rows in which none overlaps another: each in the lowest that is free."""
    free: list[int] = []
    taken: list[tuple[float, int]] = []
    for span in sorted(spans, key=lambda each: each.began):
        while taken and taken[0][0] <= span.began:
            heapq.heappush(free, heapq.heappop(taken)[1])
        row = heapq.heappop(free) if free else len(taken)
        heapq.heappush(taken, (span.ended, row))
        yield row, span
