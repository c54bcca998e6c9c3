"""The ``graphengine`` command."""

import click

from graphengine.cli.cache import cache
from graphengine.cli.models import models
from graphengine.cli.nodes import nodes
from graphengine.cli.run import run
from graphengine.cli.schema import schema
from graphengine.cli.validate import validate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="graphengine")
def main() -> None:
    """Run saved node-graph workflows for pictures, video and 3D."""


for command in (run, validate, nodes, schema, models, cache):
    main.add_command(command)
