"""What the commands share: how they take a workflow in, and how they say that something is wrong."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

import click
from pydantic import JsonValue

from graphengine.app import Engine, load_settings
from graphengine.errors import GraphEngineError, PackError, Problem, SettingsRefused, WorkflowError
from graphengine.workflow.document import Workflow
from graphengine.workflow.load import load_workflow
from graphengine.workflow.parameters import read_argument, with_parameters


class Exit(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    FAILED = 1
    WRONG = 2  # the workflow or the arguments
    INTERRUPTED = 130


workflow_argument = click.argument("workflow", type=click.Path(path_type=Path))
set_option = click.option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    multiple=True,
    help="Set a workflow input, or any node's input as node.input=value. May be given again.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def open_engine(**settings: Any) -> Engine:
    """Return the engine of a person at a terminal, who may name any file of the machine.

    Args:
        settings: what goes over the environment.

    Raises:
        SettingsRefused: the environment is wrong.
    """
    return Engine(load_settings(**settings), anywhere=True)


def take_workflow(engine: Engine, path: Path, settings: Iterable[str]) -> Workflow:
    """Return the workflow of a file with ``NAME=VALUE`` settings in it.

    Raises:
        WorkflowError: the file or a setting is wrong.
    """
    workflow = load_workflow(path)
    values: dict[str, JsonValue] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise click.BadParameter(f"{setting!r} is not NAME=VALUE", param_hint="--set")
        values[name] = read_argument(workflow, engine.registry, name, text)
    return with_parameters(workflow, values)


@contextmanager
def faults_told(*, as_json: bool = False) -> Iterator[None]:
    """Turn errors of ours into words and an exit code, never a traceback: 2 for what is asked for wrongly, else 1."""
    try:
        yield
    except WorkflowError as error:
        if as_json:
            print_json({"status": "invalid", "problems": [asdict(problem) for problem in error.problems]})
        _refuse(error.problems)
    except (SettingsRefused, PackError) as error:
        _end(error, Exit.WRONG, as_json=as_json)
    except GraphEngineError as error:
        _end(error, Exit.FAILED, as_json=as_json)


def _end(error: GraphEngineError, code: Exit, *, as_json: bool) -> NoReturn:
    hint: str = getattr(error, "hint", "")
    if as_json:
        print_json({"status": "error", "message": str(error)} | ({"hint": hint} if hint else {}))
    say(f"error: {error}" + (f". {hint}" if hint else ""))
    raise SystemExit(code) from None


def print_json(data: object) -> None:
    """Print one JSON object on standard output."""
    print(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def say(text: str) -> None:
    """Print a line for people, on standard error."""
    print(text, file=sys.stderr, flush=True)


def _refuse(problems: Iterable[Problem]) -> NoReturn:
    listed = list(problems)
    for problem in listed:
        say(f"error: {problem}")
    say(f"{len(listed)} problem{'s' * (len(listed) != 1)}; nothing was run")
    raise SystemExit(Exit.WRONG)
