"""The ``graphengine`` command."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final, NoReturn

import click

from graphengine.cli.cache import cache
from graphengine.cli.console import Exit, say
from graphengine.cli.export import export
from graphengine.cli.history import history
from graphengine.cli.models import models
from graphengine.cli.nodes import nodes
from graphengine.cli.run import run
from graphengine.cli.validate import validate

LATER: Final[Mapping[str, tuple[str, str]]] = {
    "schema": ("graphengine.cli.schema", "schema"),
    "assets": ("graphengine.cli.assets", "assets"),
    "serve": ("graphengine.cli.serve", "serve_command"),
    "token": ("graphengine.cli.serve", "token"),
}
"""Commands that are loaded when they are asked for: the web framework takes a quarter of a second."""


class Commands(click.Group):
    """A group some of whose commands are loaded late."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted([*super().list_commands(ctx), *LATER])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, and load it if need be."""
        if cmd_name not in LATER:
            return super().get_command(ctx, cmd_name)
        module, name = LATER[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="graphengine")
def main() -> None:
    """Run saved node-graph workflows for pictures, video and 3D."""


for command in (run, validate, export, nodes, models, cache, history):
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
