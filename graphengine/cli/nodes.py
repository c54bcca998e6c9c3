"""``graphengine nodes``: what nodes there are, and what each takes and gives."""

from collections.abc import Iterable

import click

from graphengine.cli.console import faults_told, json_option, open_catalogue, print_json
from graphengine.errors import SettingsRefused
from graphengine.node.catalogue.describe import describe
from graphengine.node.registry import Registry
from graphengine.node.spec import MISSING, Input, NodeSpec


@click.command()
@click.argument("name", required=False)
@json_option
def nodes(name: str | None, *, as_json: bool) -> None:
    """List the nodes, or explain the node NAME: its id, its title, or what other tools call it."""
    with faults_told(as_json=as_json):
        registry = open_catalogue().registry
        chosen = list(registry.nodes.values()) if name is None else [_found(registry, name)]
    if as_json:
        described = [describe(spec) for spec in chosen]
        print_json({"nodes": described} if name is None else described[0])
    elif name is None:
        _list(chosen)
    else:
        _explain(chosen[0])


def _found(registry: Registry, name: str) -> NodeSpec:
    """Return the node of an id, or else the first that is called so."""
    if name in registry.nodes:
        return registry.nodes[name]
    called = name.casefold()
    for spec in registry.nodes.values():
        if called in {word.casefold() for word in (spec.title, *spec.aliases)}:
            return spec
    similar = registry.similar(name)
    raise SettingsRefused(f"there is no node type {name!r}" + (f"; did you mean {similar!r}?" if similar else ""))


def _list(specs: Iterable[NodeSpec]) -> None:
    listed = list(specs)
    width = max((len(spec.id) for spec in listed), default=0)
    for spec in listed:
        click.echo(f"{spec.id:<{width}}  {spec.summary}")


def _explain(spec: NodeSpec) -> None:
    click.echo(f"{spec.title}\n{spec.id} (version {spec.version}, {spec.category}, lane {spec.lane})\n\n{spec.help}\n")
    for socket in spec.inputs:
        click.echo(f"  in   {socket.name}: {socket.type}{_detail(socket)}")
    for output in spec.outputs:
        click.echo(f"  out  {output.name}: {output.type}")


def _detail(socket: Input) -> str:
    bounds = {key: value for key, value in socket.schema.items() if key not in {"type", "default", "title"}}
    default = "" if socket.default is MISSING else f" = {socket.default!r}"
    shown = ", ".join(f"{key} {value}" for key, value in bounds.items())
    return f"{default}  ({shown})" if shown else default
