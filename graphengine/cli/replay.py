"""``graphengine replay``: a saved picture or video made again, and compared with what it was."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
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
from graphengine.cli.running import all_of, run_through
from graphengine.errors import Failure, SettingsRefused
from graphengine.files.carried import carried_texts
from graphengine.files.compare import Comparison, compare
from graphengine.files.origin import LOCK, WORKFLOW, Output
from graphengine.plan.differences import Difference, differences
from graphengine.plan.lock import Lock, lock_of
from graphengine.plan.plan import Plan
from graphengine.run.messages import Event, TaskFailed, TaskOutput
from graphengine.workflow.document import Workflow
from graphengine.workflow.parse import parse_workflow

_AFRESH = {"memory_cache_bytes": 0, "disk_cache_bytes": 0}
"""Settings with which nothing comes from what was kept: that would be the same by itself."""


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
@click.argument("file", type=click.Path(path_type=Path))
@input_option
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Keep what was made, in this folder.")
@json_option
def replay(file: Path, input_dirs: Sequence[Path], out: Path | None, *, as_json: bool) -> None:
    """Make FILE, a saved picture or video, again; say whether it is the same, or what is otherwise.

    FILE carries its workflow, with all values that were set, and its lock: what the models and inputs contained, and
    the versions and the device. Nothing comes from the cache. Ends with 0 if it shows the same bit for bit, with 1 if
    not, and with 2 if it cannot be made.
    """
    with faults_told(as_json=as_json), _folder(out) as folder:
        origin = _origin_of(file)
        settings = {**inputs_in(input_dirs), **_AFRESH, "coalesce": bool(origin.lock["settings"].get("coalesce"))}
        engine = open_engine(**settings)
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


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="graphengine-") as folder:
        yield Path(folder)


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
        hint = "Pictures and videos that graphengine saves carry one, unless another program rewrote them."
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
        exactly = "the file is, to the last byte" if comparison.identical else "every pixel is"
        print_line(f"the same: {file}: {exactly}")
        for each in otherwise:
            say(f"note: although {each}")
        return
    apart = f"{comparison.differing:,} of {comparison.values:,} values differ, by at most {comparison.largest}"
    print_line(f"not the same: {file}: {comparison.problem or apart}")
    for each in otherwise:
        print_line(f"  {each}")
    if not otherwise:
        print_line("  All that its lock names is as it was: the file was changed since, or chance had a part.")
