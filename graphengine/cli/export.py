"""``graphengine export``: a workflow in another form."""

from collections.abc import Sequence
from pathlib import Path

import click

from graphengine.builder.export.code import python_code
from graphengine.cli.console import faults_told, open_engine, print_line, set_option, take_workflow, workflow_argument
from graphengine.cli.ending import say
from graphengine.errors import SettingsRefused
from graphengine.files.atomic import write_atomically


@click.command()
@workflow_argument
@set_option
@click.option("--python", "as_python", is_flag=True, help="As the Python code that makes it.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write into this file instead of printing.")
def export(workflow: Path, settings: Sequence[str], output: Path | None, *, as_python: bool) -> None:
    """Write WORKFLOW, a file or a saved picture, in another form."""
    if not as_python:
        raise click.UsageError("Say in which form: --python.")
    with faults_told():
        engine = open_engine()
        code = python_code(take_workflow(engine, workflow, settings), engine.registry)
        if output is None:
            print_line(code.removesuffix("\n"))
            return
        try:
            write_atomically(output, code.encode())
        except OSError as error:
            raise SettingsRefused(f"{output} cannot be written: {error.strerror}") from None
    say(f"written to {output}")
