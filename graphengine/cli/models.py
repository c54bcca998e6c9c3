"""``graphengine models``: the models that a workflow can name."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from typing import Any

import click

from graphengine.cli.console import faults_told, json_option, open_catalogue, print_json, print_line
from graphengine.errors import shown_bytes
from graphengine.models.listing import Model

_WIDEST = 60  # longer names push what follows to the right


class _Later(click.Group):
    """The commands about models; who only lists them does not wait for what asks a hub."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return ["add"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, and load it."""
        del ctx
        if cmd_name != "add":
            return None
        command: click.Command = import_module("graphengine.cli.models_add").add
        return command


@click.group(cls=_Later, invoke_without_command=True)
@json_option
@click.pass_context
def models(context: click.Context, *, as_json: bool) -> None:
    """List the models in the model folders and those of packs, with what their headers tell; or add one."""
    if context.invoked_subcommand is not None:
        return
    with faults_told(as_json=as_json):
        found = open_catalogue().models.all()
    if as_json:
        print_json({"models": [_data(each) for each in found]})
        return
    width = min(_WIDEST, max((len(each.found.reference) for each in found), default=0))
    for each in found:
        print_line(f"{each.found.reference:<{width}}  {shown_bytes(each.found.nbytes):>9}  {_said(each)}")


def _said(model: Model) -> str:
    """Return what a model is, or why it cannot be loaded."""
    problem, nature = model.facts.problem, model.facts.nature
    if problem is not None:
        return f"{problem.message} {problem.hint}".rstrip()
    return nature.title or f"{model.found.kind}, of no known architecture"


def _data(model: Model) -> Mapping[str, Any]:
    """Return a model as ``--json`` prints it."""
    found, facts = model.found, model.facts
    return {
        "reference": found.reference,
        "kind": found.kind,
        "bytes": found.nbytes,
        "path": str(found.path),
        **asdict(facts.nature),
        "numbers": facts.numbers,
        "formats": dict(facts.formats),
        "digest": model.digest,
        "preview": None if model.preview is None else str(model.preview),
        "problem": None if facts.problem is None else asdict(facts.problem),
    }
