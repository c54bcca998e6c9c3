"""The ``graphengine`` command."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final, NamedTuple, NoReturn

import click

from graphengine.cli.ending import Exit, say


class Later(NamedTuple):
    """A command that is loaded when it is asked for: where it is, and what the list of commands says of it."""

    module: str
    name: str
    summary: str


COMMANDS: Final[Mapping[str, Later]] = {
    "assets": Later(
        "graphengine.cli.assets",
        "assets",
        "Look after the uploads and outputs of a service that no job, workflow or schedule names any more.",
    ),
    "cache": Later("graphengine.cli.cache", "cache", "Look at the results kept on disk, or remove them."),
    "export": Later("graphengine.cli.export", "export", "Write WORKFLOW, a file or a saved picture, in another form."),
    "history": Later(
        "graphengine.cli.history",
        "history",
        "Look at what is remembered of runs: of each node its inputs, of texts their first 200 characters.",
    ),
    "models": Later(
        "graphengine.cli.models",
        "models",
        "List the models in the model folders and those of packs, with what their headers tell; or add one.",
    ),
    "nodes": Later(
        "graphengine.cli.nodes",
        "nodes",
        "List the nodes, or explain the node NAME: its id, its title, or what other tools call it.",
    ),
    "replay": Later(
        "graphengine.cli.replay",
        "replay",
        "Make FILE, or all results of JOB of a service, again; say whether they are the same, or what differs.",
    ),
    "run": Later("graphengine.cli.run", "run", "Run WORKFLOW, a JSON file or a result that graphengine saved."),
    "schema": Later("graphengine.cli.schema", "schema", "Print the JSON Schema of the workflow document."),
    "serve": Later("graphengine.cli.serve", "serve_command", "Serve the HTTP API until told to end."),
    "token": Later("graphengine.cli.serve", "token", "Say who may use the service."),
    "validate": Later(
        "graphengine.cli.validate", "validate", "Say every problem of WORKFLOW; run nothing, write nothing."
    ),
}


class Commands(click.Group):
    """The commands; what one of them needs, no other has to wait for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, and load it."""
        del ctx
        later = COMMANDS.get(cmd_name)
        if later is None:
            return None
        command: click.Command = getattr(import_module(later.module), later.name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].summary) for name in self.list_commands(ctx)])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="graphengine")
def main() -> None:
    """Run saved node-graph workflows for pictures, video and 3D."""


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
