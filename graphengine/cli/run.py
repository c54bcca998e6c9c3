"""``graphengine run``: a saved workflow, run to its end."""

import errno
import functools
import json
import os
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import click

from graphengine.app import Engine
from graphengine.cli.console import (
    faults_told,
    input_option,
    inputs_in,
    json_option,
    open_catalogue,
    open_engine,
    print_json,
    print_line,
    set_option,
    take_workflow,
    tell_notices,
    workflow_argument,
)
from graphengine.cli.ending import Exit, say
from graphengine.cli.explain import data_of, show
from graphengine.cli.progress import display_for
from graphengine.cli.report import PLAIN, Report
from graphengine.cli.running import all_of, run_through
from graphengine.errors import SettingsRefused
from graphengine.files.atomic import write_atomically
from graphengine.plan.plan import Plan
from graphengine.run.runner import RunResult
from graphengine.run.trace import Trace

NO_CACHE = {"memory_cache_bytes": 0, "disk_cache_bytes": 0}


@click.command()
@workflow_argument
@set_option
@input_option
@click.option(
    "--output-dir", type=click.Path(path_type=Path), default=Path("output"), help="Where results are written."
)
@click.option("--target", "targets", metavar="NODE", multiple=True, help="Run only up to this node.")
@click.option("--keep-going", is_flag=True, help="After a failure, finish what does not depend on it.")
@click.option("--no-cache", is_flag=True, help="Compute everything, and keep no results for later.")
@click.option(
    "--coalesce/--no-coalesce", default=None, help="Make calls that fit each other as one; last bits may differ."
)
@click.option("--trace", type=click.Path(path_type=Path), help="Write a timeline that Perfetto and Chrome open.")
@click.option("--explain", is_flag=True, help="Run nothing; say what would run, what is cached, and why.")
@json_option
def run(
    workflow: Path,
    settings: Sequence[str],
    input_dirs: Sequence[Path],
    output_dir: Path,
    targets: Sequence[str],
    *,
    keep_going: bool,
    no_cache: bool,
    coalesce: bool | None,
    trace: Path | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Run WORKFLOW, a JSON file or a result that graphengine saved."""
    with faults_told(as_json=as_json):
        chosen = inputs_in(input_dirs) | (NO_CACHE if no_cache else {})
        chosen |= {} if coalesce is None else {"coalesce": coalesce}
        engine = open_catalogue(**chosen) if explain else open_engine(**chosen)
        document = take_workflow(engine, workflow, settings)
        graph = engine.resolve(document)
        notices = tell_notices(document, graph)
        plan = engine.plan(graph, targets or None)
        left_out = [] if targets else [name for name in document.outputs if name not in plan.outputs]
        for name in left_out:
            say(f"output {name!r} is left out: its node is muted or cut off")
        origin = str(workflow.resolve())
        if explain:
            _explain(engine, plan, origin, notices, as_json=as_json)
            return
        _prepare(output_dir, plan)
        started = time.perf_counter()
        report, timeline = Report(), Trace(plan) if trace is not None else None
        with nullcontext() if timeline is None else engine.timings.told_to(timeline.hear):
            with display_for(quiet=as_json) as display:
                observers = [report.note, display.show, *([timeline.note] if timeline is not None else [])]
                start = functools.partial(engine.start, document, plan, output_dir, all_of(observers))
                remembered = "" if no_cache else origin
                result, job = run_through(lambda: start(keep_going=keep_going, origin=remembered))
            engine.close()
    if trace is not None and timeline is not None:
        _write_trace(trace, timeline)
    if as_json:
        print_json(report.data(job, plan, result, time.perf_counter() - started, left_out) | {"notices": notices})
    else:
        _print(report, result)
    if result.status == "cancelled":
        raise SystemExit(Exit.INTERRUPTED)
    raise SystemExit(Exit.DONE if result.status == "done" else Exit.FAILED)


def _explain(engine: Engine, plan: Plan, origin: str, notices: Sequence[object], *, as_json: bool) -> None:
    """Print what a run of the plan would do, and why."""
    explanations = engine.explain(plan, origin)
    outlook = engine.outlook(explanations)
    engine.close()
    if as_json:
        print_json({**data_of(explanations, outlook), "notices": notices})
    else:
        show(explanations, outlook)


def _print(report: Report, result: RunResult) -> None:
    """Print the results: the files that were written, and the outputs that are plain values."""
    for file in report.files:
        print_line(file["path"])
    for name, value in result.outputs.items():
        if isinstance(value, PLAIN):
            print_line(f"{name} = {value if isinstance(value, str) else json.dumps(value)}")


def _write_trace(path: Path, timeline: Trace) -> None:
    """Write the timeline; where that fails, say so, for the results are there all the same."""
    try:
        write_atomically(path, json.dumps(timeline.data()).encode())
    except OSError as error:
        say(f"error: the timeline cannot be written to {path}: {error.strerror or error}")


def _prepare(folder: Path, plan: Plan) -> None:
    """Refuse a folder for results that is none or cannot be made; nothing has run yet."""
    try:
        if plan.has_sinks:
            folder.mkdir(parents=True, exist_ok=True)
        if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
            raise PermissionError(errno.EACCES, "it is no folder that can be written")
    except (OSError, ValueError) as error:  # ValueError: a null character
        reason = getattr(error, "strerror", None) or error
        message = f"results cannot be written into {folder}: {reason}"
        raise SettingsRefused(message, hint="Say where with --output-dir.") from None
