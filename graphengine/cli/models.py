"""``graphengine models``: the models that a workflow can name."""

import click

from graphengine.cli.console import faults_told, json_option, open_engine, print_json
from graphengine.models.listing import find_models


@click.command()
@json_option
def models(*, as_json: bool) -> None:
    """List the models in the model folders and those that came with packs."""
    with faults_told(as_json=as_json):
        engine = open_engine()
        folders = {"models": engine.settings.model_folders}
        folders |= {name: [path] for name, path in engine.registry.roots.items()}
    found = [model for root, places in folders.items() for model in find_models(root, places)]
    if as_json:
        listed = [{"reference": m.reference, "kind": m.kind, "bytes": m.nbytes, "path": str(m.path)} for m in found]
        print_json({"models": listed})
        return
    width = max((len(model.reference) for model in found), default=0)
    for model in found:
        click.echo(f"{model.reference:<{width}}  {model.nbytes / 1e6:9.1f} MB  {model.kind}")
