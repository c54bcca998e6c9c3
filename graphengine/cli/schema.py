"""``graphengine schema``: the JSON Schema of the workflow document, and of what is said on the websocket."""

import click

from graphengine.cli.console import print_json
from graphengine.server.messages import messages_schema
from graphengine.workflow.document import json_schema


@click.command()
@click.option("--messages", is_flag=True, help="The schema of the messages on the service's websocket instead.")
def schema(*, messages: bool) -> None:
    """Print the JSON Schema of the workflow document."""
    print_json(messages_schema() if messages else json_schema())
