"""The ``graphengine`` command."""

import sys
from typing import NoReturn

import click

from graphengine.cli.cache import cache
from graphengine.cli.console import Exit, say
from graphengine.cli.export import export
from graphengine.cli.models import models
from graphengine.cli.nodes import nodes
from graphengine.cli.run import run
from graphengine.cli.schema import schema
from graphengine.cli.validate import validate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="graphengine")
def main() -> None:
    """Run saved node-graph workflows for pictures, video and 3D."""


for command in (run, validate, export, nodes, schema, models, cache):
    main.add_command(command)


def start() -> NoReturn:
    """Run the command that the arguments of this process ask for, and end the process with its exit code."""
    try:
        code = main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = Exit.WRONG
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        code = Exit.INTERRUPTED
    sys.exit(code)
