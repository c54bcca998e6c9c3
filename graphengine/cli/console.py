"""What the commands share: how they take a workflow in, and how they say that something is wrong."""

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
from pydantic import JsonValue

from graphengine.app import Engine, load_settings
from graphengine.cli.ending import Exit, say
from graphengine.errors import EngineBug, GraphEngineError, PackError, Problem, SettingsRefused, WorkflowError
from graphengine.workflow.advice import advice_on
from graphengine.workflow.document import Workflow
from graphengine.workflow.files import notices_of
from graphengine.workflow.graph import Graph
from graphengine.workflow.load import load_workflow
from graphengine.workflow.parameters import read_argument, with_parameters

MAX_SHOWN = 50
"""How many problems are told to people."""


workflow_argument = click.argument("workflow", type=click.Path(path_type=Path))
set_option = click.option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    multiple=True,
    help="Set a workflow input, or any node's input as node.input=value. May be given again.",
)
input_option = click.option(
    "--input-dir",
    "input_dirs",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    help="Where pictures and other inputs lie, which a workflow names inputs:PATH; by default the current folder. "
    "May be given again.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def inputs_in(folders: Sequence[Path]) -> dict[str, Any]:
    """Return the settings by which inputs lie in some folders; of none, those of the environment stay."""
    return {"input_folders": [folder.absolute() for folder in folders]} if folders else {}


def open_engine(**settings: Any) -> Engine:
    """Return the engine of a person at a terminal, who may name any file of the machine.

    Args:
        settings: what goes over the environment.

    Raises:
        SettingsRefused: the environment is wrong.
    """
    return Engine(load_settings(**settings), anywhere=True)


def open_catalogue(**settings: Any) -> Engine:
    """Return the same, for a command that calls no node: no pack is loaded if it is known already what they bring.

    Raises:
        SettingsRefused: the environment is wrong.
        PackError: a pack cannot be loaded.
    """
    engine = Engine(load_settings(**settings), anywhere=True, apart=True)
    if engine.faults:
        raise PackError(engine.faults[0].message)
    return engine


def take_workflow(engine: Engine, path: Path, settings: Iterable[str]) -> Workflow:
    """Return the workflow of a file with ``NAME=VALUE`` settings in it.

    Raises:
        WorkflowError: the file is wrong, or settings are; all of those are listed.
    """
    workflow = load_workflow(path)
    values: dict[str, JsonValue] = {}
    problems: list[Problem] = []
    for setting in settings:
        name, equals, text = setting.partition("=")
        if equals:
            values[name] = read_argument(workflow, engine.registry, name, text)
        else:
            message = f"the setting {setting!r} has no value"
            problems.append(Problem("unknown_workflow_input", message, hint="Write --set name=value."))
    try:
        workflow = with_parameters(workflow, values)
    except WorkflowError as error:
        problems += error.problems
    if problems:
        raise WorkflowError(problems)
    return workflow


def tell_notices(workflow: Workflow, graph: Graph) -> list[dict[str, Any]]:
    """Say what the user should know of the models of a workflow, and return it as ``--json`` prints it."""
    notices = [*notices_of(workflow, graph), *advice_on(graph)]
    for notice in notices:
        say(f"note: {notice}")
    return [notice.data() for notice in notices]


@contextmanager
def faults_told(*, as_json: bool = False) -> Iterator[None]:
    """Turn errors of ours into words and an exit code, never a traceback: 2 for what is asked for wrongly, else 1."""
    try:
        yield
    except WorkflowError as error:
        if as_json:
            print_json({"status": "invalid", "problems": [problem.data() for problem in error.problems]})
        _refuse(error.problems)
    except (SettingsRefused, PackError) as error:
        _end(error, Exit.WRONG, as_json=as_json)
    except EngineBug as bug:
        _end(_recorded(bug), Exit.FAILED, as_json=as_json)
    except GraphEngineError as error:
        _end(error, Exit.FAILED, as_json=as_json)


def _recorded(bug: EngineBug) -> GraphEngineError:
    """Write what led to a bug into a file, and return an error that names it."""
    lines = (" ".join(repr(each).splitlines()) for each in bug.stimuli)
    handle, path = tempfile.mkstemp(prefix="graphengine-bug-", suffix=".txt")
    with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123 - it is open already
        file.writelines(f"{line}\n" for line in (bug, *lines))
    return GraphEngineError(f"a bug in graphengine: {bug}; what led to it is in {path}")


def _end(error: GraphEngineError, code: Exit, *, as_json: bool) -> NoReturn:
    hint: str = getattr(error, "hint", "")
    if as_json:
        print_json({"status": "error", "message": str(error)} | ({"hint": hint} if hint else {}))
    say(f"error: {error}" + (f". {hint}" if hint else ""))
    raise SystemExit(code) from None


def print_json(data: object) -> None:
    """Print one JSON object on standard output, in ASCII: no encoding of a terminal or pipe fails on it."""
    print(json.dumps(data, indent=2, allow_nan=False))


def print_line(text: str) -> None:
    """Print a line of results on standard output; what its encoding does not have is escaped."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def _refuse(problems: Iterable[Problem]) -> NoReturn:
    listed = list(problems)
    for problem in listed[:MAX_SHOWN]:
        say(f"error: {problem}")
    if len(listed) > MAX_SHOWN:
        say(f"… and {len(listed) - MAX_SHOWN} more")
    say(f"{len(listed)} problem{'s' * (len(listed) != 1)}; nothing was run")
    raise SystemExit(Exit.WRONG)
