"""``graphengine replay JOB``: what a job of a service left, made again and compared with that."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

import aiohttp

from graphengine.cli.console import faults_told, inputs_in, open_engine, print_json, print_line, tell_notices
from graphengine.cli.ending import Exit, say
from graphengine.cli.progress import display_for
from graphengine.cli.replaying import afresh, apart, kept_in, tell_otherwise
from graphengine.cli.running import all_of, run_through
from graphengine.client.errors import Disconnected, Refused
from graphengine.client.sync import SyncClient
from graphengine.errors import Failure, SettingsRefused
from graphengine.files.compare import Comparison, compare
from graphengine.plan.differences import Difference, differences
from graphengine.plan.lock import lock_of
from graphengine.run.messages import Event, TaskFailed, TaskOutput
from graphengine.server.views import JobView
from graphengine.service.outcome import outcome
from graphengine.workflow.parameters import with_parameters
from graphengine.workflow.parse import workflow_from

HERE: Final = "http://127.0.0.1:8188"
"""Where a service of this machine is, unless it was told another port."""

_PATIENCE: Final = 2.0
"""The seconds for which it may be away."""

Place = tuple[str, int]
"""A file of a run: the task that wrote it, and how many others that had written before."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job, and the service that has it."""

    job: str
    url: str
    token: str | None = None


@dataclass(slots=True)
class _Watch:
    """Gathers the files that a run writes; of several attempts the last counts."""

    files: dict[Place, TaskOutput] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def note(self, event: Event) -> None:
        match event:
            case TaskOutput(task, _, _, index):
                self.files[task, index] = event
            case TaskFailed(_, failure):
                self.failures.append(failure)
            case _:
                pass


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of a file or a value of the job."""

    name: str
    comparison: Comparison
    more: Mapping[str, Any]

    def data(self) -> dict[str, Any]:
        return {"name": self.name, **self.more, "same": self.comparison.same, **asdict(self.comparison)}


def replay_job(wanted: Wanted, input_dirs: Sequence[Path], out: Path | None, *, as_json: bool) -> NoReturn:
    """Make all results of a job again, say whether they are the same, and end."""
    with faults_told(as_json=as_json), kept_in(out) as folder, _asking(wanted) as client:
        job, document = _job(client, wanted)
        lock = job.lock or {}
        workflow = with_parameters(workflow_from(document), job.inputs)
        engine = open_engine(**inputs_in(input_dirs), **afresh(lock))
        graph = engine.resolve(workflow)
        notices = tell_notices(workflow, graph)
        plan = engine.plan(graph, job.targets)
        otherwise = differences(lock, lock_of(plan, engine.surroundings))
        watch = _Watch()
        with display_for(quiet=as_json) as display:
            observe = all_of([watch.note, display.show])
            result, _ = run_through(lambda: engine.start(workflow, plan, folder, observe))
        engine.close()
        if result.status == "cancelled":
            raise SystemExit(Exit.INTERRUPTED)
        if result.status == "failed":
            raise SettingsRefused(f"the job {job.id} could not be made again: {watch.failures[0]}")
        left: Any = job.result or {}
        told = [
            *_files(client, left.get("files", ()), watch.files, folder),
            *_values(left.get("outputs", {}), outcome(plan, result.outputs, ())["outputs"]),
        ]
    same = all(each.comparison.same for each in told)
    if as_json:
        status, results = "same" if same else "different", [each.data() for each in told]
        listed = [each.data() for each in otherwise]
        print_json({"status": status, "job": job.id, "results": results, "differences": listed, "notices": notices})
    else:
        _tell(job, told, otherwise)
    raise SystemExit(Exit.DONE if same else Exit.FAILED)


def _asking(wanted: Wanted) -> SyncClient:
    try:
        return SyncClient(wanted.url, wanted.token, patience=_PATIENCE)
    except (Disconnected, aiohttp.ClientError) as error:
        hint = "There is no file of this name either." if not Path(wanted.job).exists() else ""
        raise SettingsRefused(f"the service at {wanted.url} cannot be asked: {error}", hint=hint) from None


def _job(client: SyncClient, wanted: Wanted) -> tuple[JobView, dict[str, Any]]:
    try:
        job = client.job(wanted.job)
        if job.state != "done" or job.lock is None:
            raise SettingsRefused(f"the job {job.id} is {job.state}: only what is done can be made again")
        return job, client.workflow(job.id)
    except (Disconnected, Refused, aiohttp.ClientError) as error:
        raise SettingsRefused(f"the job {wanted.job} cannot be replayed: {error}") from None


def _files(
    client: SyncClient, before: Sequence[Mapping[str, Any]], now: Mapping[Place, TaskOutput], folder: Path
) -> list[_Told]:
    counts: Counter[str] = Counter()
    told = []
    missing = dict(now)
    for each in before:
        task = str(each["task"])
        made = missing.pop((task, counts[task]), None)
        more = {"task": task, "index": counts[task], "made": None if made is None else str(made.file.path.resolve())}
        counts[task] += 1
        told.append(_Told(str(each["name"]), _compared(client, each, made, folder), more))
    new = Comparison(identical=False, problem="the job had left no such file")
    told += [
        _Told(each.file.path.name, new, {"task": task, "index": index, "made": str(each.file.path.resolve())})
        for (task, index), each in missing.items()
    ]
    return told


def _compared(client: SyncClient, before: Mapping[str, Any], made: TaskOutput | None, folder: Path) -> Comparison:
    """Compare a file with the one that the job left: by their hashes, and where these differ by what they show."""
    if made is None:
        return Comparison(identical=False, problem="it was not made again")
    digest = str(before["digest"])
    if made.file.digest == digest:
        return Comparison(identical=True)
    try:
        content = client.fetch(f"/api/results/{digest}")
    except aiohttp.ClientError:
        return Comparison(identical=False, problem="its hash is another, and the service has the file no more")
    path = folder / f".{digest}{made.file.path.suffix}"
    path.write_bytes(content)
    try:
        return compare(path, made.file.path)
    finally:
        path.unlink()


def _values(before: Mapping[str, Any], now: Any) -> list[_Told]:
    """Compare outputs that are plain values."""
    told = []
    for name, each in before.items():
        if "value" in each:
            found = now.get(name, {}).get("value")
            same = found == each["value"] and type(found) is type(each["value"])
            problem = "" if same else f"it was {each['value']!r}, it is {found!r}"
            comparison = Comparison(identical=same, problem=problem)
            told.append(_Told(name, comparison, {"before": each["value"], "now": found}))
    return told


def _tell(job: JobView, told: Sequence[_Told], otherwise: Sequence[Difference]) -> None:
    for each in told:
        exactly = "to the last byte" if each.comparison.identical else "what it shows, to the last bit"
        same = f"the same: {each.name}: {exactly}"
        print_line(same if each.comparison.same else f"not the same: {each.name}: {apart(each.comparison)}")
    if not told:
        print_line(f"the job {job.id} has left nothing to compare")
    if all(each.comparison.same for each in told):
        for difference in otherwise:
            say(f"note: although {difference}")
        return
    tell_otherwise(otherwise)
