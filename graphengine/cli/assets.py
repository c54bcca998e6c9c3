"""``graphengine assets``: uploads and outputs that nobody names any more, and away with them."""

import asyncio
from dataclasses import asdict
from pathlib import Path

import click

from graphengine.app import load_settings
from graphengine.cli import units
from graphengine.cli.console import faults_told, json_option, print_json, print_line
from graphengine.errors import SettingsRefused, StoreRefused, shown_bytes
from graphengine.service.assets import Assets
from graphengine.service.clock import Clock
from graphengine.service.retention.retention import Policy, Retention, Swept
from graphengine.service.store import Store


@click.group()
def assets() -> None:
    """Look after the uploads and outputs of a service that no job, workflow or schedule names any more."""


@assets.command()
@json_option
def show(*, as_json: bool) -> None:
    """Say how much there is, and what would go by the settings."""
    with faults_told(as_json=as_json):
        swept = _swept(None, None, dry=True)
    _tell(swept, "would be removed", as_json=as_json)


@assets.command()
@click.option("--age", type=units.age, help="Remove what has been unnamed for this long: 12h, 7d; 0s is all of it.")
@click.option("--size", type=units.size, help="Remove what has been so for longest until the rest takes at most this.")
@json_option
def prune(age: int | None, size: int | None, *, as_json: bool) -> None:
    """Remove what nobody names, by the settings or as said; no service may run meanwhile."""
    with faults_told(as_json=as_json):
        swept = _swept(age, size, dry=False)
    _tell(swept, "removed", as_json=as_json)


def _swept(age: int | None, size: int | None, *, dry: bool) -> Swept:
    settings = load_settings()
    wanted = Policy(
        settings.retention_days * 86_400 if age is None else age, settings.retention_bytes if size is None else size
    )
    if not settings.data_dir.is_dir():
        return Swept()
    try:
        return asyncio.run(_sweep(settings.data_dir, wanted, dry=dry))
    except StoreRefused as error:
        raise SettingsRefused(str(error), hint="Ask a service that runs: POST /api/retention/prune.") from None


async def _sweep(folder: Path, policy: Policy, *, dry: bool) -> Swept:
    store = await Store.open(folder)
    try:
        files, notes = Assets(folder / "assets"), folder / "retention.json"
        return await Retention(store.database, files, folder / "outputs", notes, policy, Clock()).sweep(dry=dry)
    finally:
        await store.close()


def _tell(swept: Swept, word: str, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(swept))
        return
    print_line(f"named    {swept.named}, {shown_bytes(swept.named_bytes)}")
    print_line(f"unnamed  {swept.unnamed}, {shown_bytes(swept.unnamed_bytes)}")
    print_line(f"{word} {swept.removed}, {shown_bytes(swept.removed_bytes)}")
