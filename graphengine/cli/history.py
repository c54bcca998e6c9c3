"""``graphengine history``: what is remembered of earlier runs to explain later ones, and away with it."""

import time
from datetime import datetime

import click

from graphengine.cli import units
from graphengine.cli.console import faults_told, json_option, open_engine, print_json, print_line
from graphengine.errors import shown_bytes


@click.group()
def history() -> None:
    """Look at what is remembered of runs: of each node its inputs, of texts their first 200 characters."""


@history.command()
@json_option
def show(*, as_json: bool) -> None:
    """List the workflows that are remembered, the last that ran first."""
    with faults_told(as_json=as_json):
        found = open_engine().history.remembered()
    if as_json:
        told = [{"origin": each.origin, "nodes": each.nodes, "when": each.when, "bytes": each.nbytes} for each in found]
        print_json({"workflows": told})
        return
    for each in found:
        when = datetime.fromtimestamp(each.when).astimezone()
        print_line(f"{when:%Y-%m-%d %H:%M}  {shown_bytes(each.nbytes):>9}  {each.nodes:>5} nodes  {each.origin}")
    print_line(f"{len(found)} workflows, {shown_bytes(sum(each.nbytes for each in found))}")


@history.command()
@click.option("--age", type=units.age, help="Forget only what did not run for this long: 12h, 7d.")
@click.option("--origin", help="Forget only this workflow, as `show` calls it.")
@json_option
def clear(age: int | None, origin: str | None, *, as_json: bool) -> None:
    """Forget what is remembered; with neither option also how long nodes take, and what of the memory."""
    with faults_told(as_json=as_json):
        kept = open_engine().history
        before = None if age is None else time.time() - age
        forgotten = kept.forget(before=before, origin=origin)
    if as_json:
        print_json({"forgotten": forgotten})
    else:
        print_line(f"forgot {forgotten} workflows")
