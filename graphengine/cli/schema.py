"""``graphengine schema``: the JSON Schema of the workflow document."""

import click

from graphengine.cli.console import print_json
from graphengine.workflow.document import json_schema


@click.command()
def schema() -> None:
    """Print the JSON Schema of the workflow document."""
    print_json(json_schema())
