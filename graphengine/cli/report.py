"""What is left of a run: which node did what, which files were written, as one JSON object."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from graphengine.plan.plan import Plan
from graphengine.run.messages import (
    Event,
    TaskCached,
    TaskFailed,
    TaskFinished,
    TaskOutput,
    TaskRetried,
    TaskSkipped,
    TaskStarted,
)
from graphengine.run.runner import RunResult

PLAIN = bool | int | float | str
"""The values that are shown as they are."""


@dataclass
class Report:
    """Collects the events of one run."""

    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: list[dict[str, str]] = field(default_factory=list)

    def note(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case TaskStarted(task):
                self.nodes[task] = {**self.nodes.get(task, {}), "state": "running", "cached": False}
            case TaskRetried(task, failure, _, smaller):
                self.nodes[task].setdefault("retried", []).append({**asdict(failure), "smaller": smaller})
            case TaskCached(task):
                self.nodes[task] = {"state": "done", "cached": True, "seconds": 0.0}
            case TaskFinished(task, seconds, _, together):
                self.nodes[task] |= {"state": "done", "seconds": round(seconds, 6)}
                if together > 1:
                    self.nodes[task]["together"] = together
            case TaskFailed(task, failure):
                state = "cancelled" if failure.code == "cancelled" else "failed"
                self.nodes[task] |= {"state": state, "failure": asdict(failure)}
            case TaskSkipped(task, cause):
                self.nodes[task] = {"state": "skipped", "cached": False, "cause": cause}
            case TaskOutput(task, file, media_type):
                self.files.append(
                    {
                        "node": task,
                        "path": str(file.path.resolve()),
                        "media_type": media_type,
                        "sha256": file.digest,
                    }
                )
            case _:
                pass

    def data(self, job: str, plan: Plan, result: RunResult, seconds: float, left_out: Sequence[str]) -> dict[str, Any]:
        """Return the object that ``--json`` prints."""
        return {
            "job": job,
            "status": result.status,
            "seconds": round(seconds, 6),
            "outputs": {name: self._output(name, plan, result) for name in plan.outputs},
            "left_out": list(left_out),
            "files": self.files,
            "nodes": self.nodes,
        }

    def _output(self, name: str, plan: Plan, result: RunResult) -> Mapping[str, Any]:
        socket = plan.outputs[name]
        shown: dict[str, Any] = {"node": socket.node, "type": str(plan.types[name])}
        value = result.outputs.get(name)
        if isinstance(value, PLAIN):
            shown["value"] = str(value) if isinstance(value, float) and not math.isfinite(value) else value
        shown["paths"] = [file["path"] for file in self.files if file["node"] == socket.node]
        return shown
