"""``graphengine models add``: a model from a hub or an address into the first model folder."""

import re
import shutil
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TimeRemainingColumn, TransferSpeedColumn

from graphengine.app import Engine
from graphengine.cli.console import faults_told, json_option, open_engine, print_json, print_line
from graphengine.errors import FileRefused, SettingsRefused
from graphengine.models.adding.download import WEIGHTS, Wanted, check_url, fetch
from graphengine.models.adding.hub import HubModel, find_model
from graphengine.models.adding.lock import reserved
from graphengine.models.listing import facts_of

_NAME: Final = re.compile(r"[^\0-\x1f/\\:]{1,200}(/[^\0-\x1f/\\:]{1,200})*")


@click.command()
@click.argument("source")
@click.option("--name", help="What it is to be called in the model folder; may name folders.")
@click.option("--sha256", metavar="HEX", help="The SHA-256 that a single file must have.")
@click.option("--revision", help="Of a hub: a branch, tag or commit.")
@click.option("--variant", help="Of a hub: which weights where there are several, such as fp16.")
@click.option("--max-gb", type=click.FloatRange(min=0, min_open=True), default=128.0, help="No file may be larger.")
@json_option
def add(
    source: str,
    name: str | None,
    sha256: str | None,
    revision: str | None,
    variant: str | None,
    max_gb: float,
    *,
    as_json: bool,
) -> None:
    """Fetch SOURCE into the first model folder: OWNER/NAME of a hub, one file of it, or an address.

    What is fetched are safetensors and the texts beside them. It is checked against the hashes that the hub tells, or
    --sha256; it stands under its name when it is whole, and what was broken off is gone on with by the next call.
    """
    with faults_told(as_json=as_json):
        engine = open_engine(packs=[])
        model = _of_url(source, sha256) if "://" in source else _of_hub(source, sha256, revision, variant)
        target = _target(engine, name or model.name)
        try:
            with reserved(target):
                digests = _fetch_all(model, target, int(max_gb * 1e9), quiet=as_json)
        except OSError as error:
            raise FileRefused(f"{target} cannot be written: {error.strerror or error}") from error
        for file, digest in digests.items():
            engine.digests.note(file, digest)
        facts = facts_of(target)
    reference = f"models:{target.relative_to(engine.settings.model_folders[0]).as_posix()}"
    said = facts.nature.title if facts.problem is None else facts.problem.message
    whole = engine.digests.of(target)
    if as_json:
        print_json({"status": "added", "reference": reference, "path": str(target), "sha256": whole, "title": said})
    else:
        print_line(f"{reference}  {said or 'of no known architecture'}  SHA-256 {whole}")


def _of_url(url: str, sha256: str | None) -> HubModel:
    check_url(url)
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    if not name.lower().endswith(WEIGHTS):
        raise SettingsRefused(f"{url!r} names no safetensors file", hint="Other weights are not loaded.")
    return HubModel(name, {name: Wanted(url, sha256=sha256)}, is_folder=False)


def _of_hub(source: str, sha256: str | None, revision: str | None, variant: str | None) -> HubModel:
    if source.count("/") < 1:
        raise SettingsRefused(f"{source!r} is neither an address nor OWNER/NAME of a hub")
    found = find_model(source, revision, variant)
    known = [each.sha256 for each in found.files.values()]
    if sha256 is not None and known != [sha256.lower()]:
        raise SettingsRefused("the hub tells another hash than --sha256", hint="It says that of a single file.")
    return found


def _target(engine: Engine, name: str) -> Path:
    """Return where a model will lie.

    Raises:
        SettingsRefused: the name is none, leads out of the folder, or something is there.
    """
    if not _NAME.fullmatch(name) or any(part.startswith(".") for part in name.split("/")):
        raise SettingsRefused(f"{name!r} is no name for a model")
    if not engine.settings.model_folders:
        raise SettingsRefused("there is no model folder", hint="Name one with GRAPHENGINE_MODEL_FOLDERS.")
    target = engine.settings.model_folders[0] / name
    if target.exists():
        raise SettingsRefused(f"there is a {name} already", hint="Say --name, or remove it first.")
    return target


def _fetch_all(model: HubModel, target: Path, most: int, *, quiet: bool) -> dict[Path, str]:
    """Fetch all files of a model; return the hash of each. A folder appears when it is whole."""
    folder = target.with_name(f".{target.name}.part") if model.is_folder else target.parent
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bars:
        digests = {}
        for name, wanted in model.files.items():
            place = folder / name if model.is_folder else target
            bar = bars.add_task(PurePosixPath(name).name, total=wanted.nbytes)
            if model.is_folder and place.exists():  # by an earlier call, which has checked it
                continue
            digests[place] = fetch(wanted, place, most, partial(_show, bars, bar))
    if not model.is_folder:
        return digests
    if target.exists():
        raise FileRefused(f"there is a {target.name} already")
    shutil.move(folder, target)
    return {target / place.relative_to(folder): digest for place, digest in digests.items()}


def _show(bars: Progress, bar: TaskID, there: int, total: int | None) -> None:
    bars.update(bar, completed=there, total=total)
