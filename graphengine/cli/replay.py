"""``graphengine replay``: what a file shows, or a job left, made again and compared with what it was."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import click

from graphengine.app import Engine
from graphengine.cli.console import (
    faults_told,
    input_option,
    inputs_in,
    json_option,
    open_engine,
    print_json,
    print_line,
    tell_notices,
)
from graphengine.cli.ending import Exit, say
from graphengine.cli.progress import display_for
from graphengine.cli.replay_job import HERE, Wanted, replay_job
from graphengine.cli.replaying import afresh, apart, kept_in, tell_otherwise
from graphengine.cli.running import all_of, run_through
from graphengine.errors import Failure, SettingsRefused
from graphengine.files.carried import carried_texts
from graphengine.files.compare import Comparison, compare
from graphengine.files.origin import LOCK, WORKFLOW, Output
from graphengine.plan.differences import Difference, differences
from graphengine.plan.lock import Lock, lock_of
from graphengine.plan.plan import Plan
from graphengine.run.messages import Event, TaskFailed, TaskOutput
from graphengine.service.job import ID
from graphengine.workflow.document import Workflow
from graphengine.workflow.parse import parse_workflow


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a file says of where it comes from."""

    workflow: Workflow
    lock: Lock
    output: Output


@dataclass(slots=True)
class _Watch:
    """Waits for one of the files that a run writes."""

    wanted: Output
    found: Path | None = None
    failures: list[Failure] = field(default_factory=list)

    def note(self, event: Event) -> None:
        """Take an event in; of several attempts the last counts."""
        match event:
            case TaskOutput(task, file, _, index) if (task, index) == (self.wanted.task, self.wanted.index):
                self.found = file.path
            case TaskFailed(_, failure):
                self.failures.append(failure)
            case _:
                pass


@click.command()
@click.argument("what", metavar="FILE|JOB")
@input_option
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Keep what was made, in this folder.")
@click.option("--service", metavar="URL", help=f"The service whose JOB is meant; by default the one at {HERE}.")
@click.option("--token", envvar="GRAPHENGINE_TOKEN", help="What lets into it, where it asks for that.")
@json_option
def replay(
    what: str, input_dirs: Sequence[Path], out: Path | None, service: str | None, token: str | None, *, as_json: bool
) -> None:
    """Make FILE, or all results of JOB of a service, again; say whether they are the same, or what differs.

    FILE is what graphengine saved: it carries its workflow, with all values that were set, and its lock: what the
    models and inputs contained, and the versions and the device. A service keeps them of each JOB; models and inputs
    must be on this machine. Nothing comes from the cache. Ends with 0 if it shows the same bit for bit, with 1 if not,
    and with 2 if it cannot be made.
    """
    file = Path(what)
    if service is not None or (not file.exists() and not file.suffix and ID.fullmatch(what)):
        replay_job(Wanted(what, service or HERE, token), input_dirs, out, as_json=as_json)
    _replay_file(file, input_dirs, out, as_json=as_json)


def _replay_file(file: Path, input_dirs: Sequence[Path], out: Path | None, *, as_json: bool) -> NoReturn:
    with faults_told(as_json=as_json), kept_in(out) as folder:
        origin = _origin_of(file)
        engine = open_engine(**inputs_in(input_dirs), **afresh(origin.lock))
        graph = engine.resolve(origin.workflow)
        notices = tell_notices(origin.workflow, graph)
        plan = engine.plan(graph, [origin.output.task.partition("[")[0]])
        otherwise = differences(_of_what_runs(origin.lock, now := lock_of(plan, engine.surroundings)), now)
        made = _made(engine, origin, plan, folder, quiet=as_json)
        comparison = compare(file, made)
    if as_json:
        told: dict[str, Any] = {"status": "same" if comparison.same else "different", "file": str(file)}
        told |= {"made": str(made.resolve()) if out is not None else None, **asdict(origin.output)}
        told |= {**asdict(comparison), "differences": [each.data() for each in otherwise], "notices": notices}
        print_json(told)
    else:
        _tell(file, comparison, otherwise)
        if out is not None:
            print_line(str(made.resolve()))
    raise SystemExit(Exit.DONE if comparison.same else Exit.FAILED)


def _origin_of(path: Path) -> _Origin:
    """Return what a file says of its origin.

    Raises:
        SettingsRefused: it cannot be read, or says nothing of the kind.
        WorkflowError: the workflow that it carries is none.
    """
    try:
        texts = carried_texts(path)
    except (OSError, ValueError) as error:  # ValueError: a null character
        message = f"{path} cannot be replayed: {getattr(error, 'strerror', None) or error}"
        raise SettingsRefused(message) from None
    if WORKFLOW not in texts:
        hint = "Files that graphengine saves carry one, unless another program rewrote them."
        raise SettingsRefused(f"{path} carries no workflow", hint=hint)
    if LOCK not in texts:
        hint = "It was made before there were any. To make something like it: graphengine run FILE."
        raise SettingsRefused(f"{path} carries no lock", hint=hint)
    lock, output = _lock_in(texts[LOCK], path)
    return _Origin(parse_workflow(texts[WORKFLOW]), lock, output)


def _lock_in(text: str, path: Path) -> tuple[Lock, Output]:
    with suppress(ValueError, RecursionError):
        lock: dict[str, Any] = json.loads(text)
        match lock:
            case {"settings": {}, "output": {"task": str(task), "index": int(index)}}:
                return lock, Output(task, index)
    raise SettingsRefused(f"the lock in {path} is of another form", hint="A newer graphengine may have written it.")


def _of_what_runs(before: Lock, now: Lock) -> Lock:
    """Return a lock without the nodes and files that had to do with other results of the run alone."""
    kept = dict(before)
    for part in ("nodes", "models", "inputs"):
        found = before.get(part)
        named = found if isinstance(found, dict) else {}
        kept[part] = {name: each for name, each in named.items() if name in now[part]}
    return kept


def _made(engine: Engine, origin: _Origin, plan: Plan, folder: Path, *, quiet: bool) -> Path:
    """Run a plan, and return the file that was wanted of it; where there is none, end."""
    watch = _Watch(origin.output)
    with display_for(quiet=quiet) as display:
        observe = all_of([watch.note, display.show])
        result, _ = run_through(lambda: engine.start(origin.workflow, plan, folder, observe))
    engine.close()
    if result.status == "cancelled":
        raise SystemExit(Exit.INTERRUPTED)
    if watch.found is None:
        _refuse(origin.output, watch.failures)
    return watch.found


def _refuse(output: Output, failures: Sequence[Failure]) -> NoReturn:
    reason = str(failures[0]) if failures else "no such file was written"
    raise SettingsRefused(f"{output.task!r} could not be made again: {reason}")


def _tell(file: Path, comparison: Comparison, otherwise: Sequence[Difference]) -> None:
    if comparison.same:
        exactly = "the file is, to the last byte" if comparison.identical else "what it shows is, to the last bit"
        print_line(f"the same: {file}: {exactly}")
        for each in otherwise:
            say(f"note: although {each}")
        return
    print_line(f"not the same: {file}: {apart(comparison)}")
    tell_otherwise(otherwise)
