"""``graphengine schema``: the JSON Schema of the workflow document, of the websocket's messages, and the API's."""

import click

from graphengine.cli.console import print_json
from graphengine.server.app import with_openapi
from graphengine.server.messages import messages_schema
from graphengine.server.openapi import openapi
from graphengine.server.routes.table import ROUTES
from graphengine.workflow.document import json_schema


@click.command()
@click.option("--messages", is_flag=True, help="The schema of the messages on the service's websocket instead.")
@click.option("--api", is_flag=True, help="The OpenAPI document of the service instead.")
def schema(*, messages: bool, api: bool) -> None:
    """Print the JSON Schema of the workflow document."""
    if messages and api:
        raise click.UsageError("--messages and --api are two documents: ask for one")
    if api:
        print_json(openapi(with_openapi(ROUTES)))
    else:
        print_json(messages_schema() if messages else json_schema())
