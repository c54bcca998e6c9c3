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
from pydantic import JsonValue, ValidationError

from graphengine.app import Engine, load_settings
from graphengine.errors import GraphEngineError, Problem, WorkflowError
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
    """
    try:
        return Engine(load_settings(**settings), anywhere=True)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            variable = "GRAPHENGINE_" + "_".join(str(part) for part in each["loc"]).upper()
            say(f"{variable}: {each['msg']}")
        raise SystemExit(Exit.WRONG) from None


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
    """Turn problems into exit code 2 and other errors of ours into 1: in words, never as a traceback."""
    try:
        yield
    except WorkflowError as error:
        if as_json:
            print_json({"status": "invalid", "problems": [asdict(problem) for problem in error.problems]})
        _refuse(error.problems)
    except GraphEngineError as error:
        say(f"error: {error}")
        raise SystemExit(Exit.FAILED) from None


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
