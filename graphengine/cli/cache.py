"""``graphengine cache``: what outlives a run, results and the states of calls that were cut off, and away with it."""

import click

from graphengine.cli import units
from graphengine.cli.console import faults_told, json_option, open_engine, print_json
from graphengine.errors import shown_bytes
from graphengine.run.cache.folder import Usage


@click.group()
def cache() -> None:
    """Look at the results kept on disk, or remove them."""


@cache.command()
@json_option
def show(*, as_json: bool) -> None:
    """Say how many results are kept, where, and what they take, and how many calls can go on that were cut off."""
    with faults_told(as_json=as_json):
        engine = open_engine()
    usage, budget = engine.cache_folder.usage(), engine.settings.disk_cache_bytes
    states = engine.checkpoint_folder.files.usage()
    if as_json:
        told = {"folder": str(engine.cache_folder.path), "entries": usage.entries, "bytes": usage.nbytes}
        checkpoints = {"entries": states.entries, "bytes": states.nbytes, "budget": engine.settings.checkpoint_bytes}
        print_json({**told, "budget": budget, "checkpoints": checkpoints})
        return
    click.echo(f"folder   {engine.cache_folder.path}")
    click.echo(f"entries  {usage.entries}")
    click.echo(f"size     {shown_bytes(usage.nbytes)} of {shown_bytes(budget)}")
    click.echo(f"cut off  {states.entries} calls, {shown_bytes(states.nbytes)}")


@cache.command()
@click.option(
    "--size", type=units.size, help="Remove what is worth least until the rest takes at most this: 500MB, 2GiB."
)
@click.option("--age", type=units.age, help="Remove what nobody used for this long: 12h, 7d; checkpoints too.")
@json_option
def prune(size: int | None, age: int | None, *, as_json: bool) -> None:
    """Remove results down to a size, an age, or both; by default to the budget."""
    with faults_told(as_json=as_json):
        engine = open_engine()
    folder, budget = engine.cache_folder, engine.settings.disk_cache_bytes
    before = folder.usage()
    if age is not None:
        folder.expire(age)
        engine.checkpoint_folder.files.expire(age)
    if size is not None or age is None:
        folder.shrink(budget if size is None else size)
    _tell(before, folder.usage(), as_json=as_json)


@cache.command()
@json_option
def clear(*, as_json: bool) -> None:
    """Remove every result and checkpoint; the next run computes them again."""
    with faults_told(as_json=as_json):
        engine = open_engine()
    folder = engine.cache_folder
    before = folder.usage()
    folder.shrink(0)
    engine.checkpoint_folder.files.shrink(0)
    _tell(before, folder.usage(), as_json=as_json)


def _tell(before: Usage, left: Usage, *, as_json: bool) -> None:
    removed, freed = before.entries - left.entries, before.nbytes - left.nbytes
    if as_json:
        print_json({"removed": removed, "freed": freed, "entries": left.entries, "bytes": left.nbytes})
    else:
        click.echo(f"removed {removed} of {before.entries} results, {shown_bytes(freed)}")
