"""``graphengine validate``: every problem of a workflow, without running anything."""

from collections.abc import Sequence
from pathlib import Path

import click

from graphengine.cli.console import (
    faults_told,
    input_option,
    inputs_in,
    json_option,
    open_catalogue,
    print_json,
    set_option,
    take_workflow,
    tell_notices,
    workflow_argument,
)


@click.command()
@workflow_argument
@set_option
@input_option
@json_option
def validate(workflow: Path, settings: Sequence[str], input_dirs: Sequence[Path], *, as_json: bool) -> None:
    """Say every problem of WORKFLOW; run nothing, write nothing."""
    with faults_told(as_json=as_json):
        engine = open_catalogue(**inputs_in(input_dirs))
        document = take_workflow(engine, workflow, settings)
        graph = engine.resolve(document)
        notices = tell_notices(document, graph)
        plan = engine.plan(graph)
    if as_json:
        print_json({"status": "valid", "nodes": len(graph.nodes), "tasks": len(plan.tasks), "notices": notices})
    else:
        click.echo(f"{workflow}: {len(graph.nodes)} nodes, no problems")
