"""From what a client sends to what is proven: before anything is queued, everything is looked at."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from uuid import uuid4

from graphengine.errors import WorkflowError
from graphengine.server import messages
from graphengine.server.backend import Backend
from graphengine.server.commands import Proven, form_of
from graphengine.server.packs import Packs
from graphengine.server.schema import PlanBody, Submit
from graphengine.service.documents import title_of
from graphengine.service.job import JsonObject, Submission
from graphengine.service.proofs import Proofs
from graphengine.service.runner import Ready, Runner, prove
from graphengine.service.spread import Spread, rows_of
from graphengine.service.store import Store
from graphengine.workflow.parameters import places_of, with_parameters
from graphengine.workflow.parse import workflow_from


async def document_of(backend: Backend, workflow: JsonObject | str) -> JsonObject:
    """Return a document, or the newest of the name that stands for it.

    Raises:
        NotFound: there is no such name.
    """
    if not isinstance(workflow, str):
        return workflow
    _, document = await backend.store.library.get(workflow)
    return document


async def ready(backend: Backend, asked: PlanBody) -> Ready:
    """Return a workflow proven and planned, without holding up the loop.

    Raises:
        NotFound: it has a name that is not known.
        NotReady: it is not known yet which nodes there are.
        WorkflowError: with every problem of the document.
    """
    await backend.packs.wait()
    document = await document_of(backend, asked.workflow)
    return await backend.proofs.make(document, asked.inputs, asked.targets)


async def proven(backend: Backend, asked: Submit, owner: str) -> Proven:
    """Return a submission all of whose jobs can run, as far as anybody can know.

    Raises:
        NotFound: the workflow has a name that is not known.
        NotReady: it is not known yet which nodes there are.
        Unacceptable: the batch is none.
        WorkflowError: with every problem of the first job that has any.
    """
    await backend.packs.wait()
    document = await document_of(backend, asked.workflow)
    submission = Submission(
        id=asked.id or uuid4().hex,
        owner=owner,
        workflow=document,
        inputs=asked.inputs,
        targets=None if asked.targets is None else tuple(asked.targets),
        priority=asked.priority,
        title=asked.title or title_of(document),
        tags=tuple(asked.tags),
    )
    spread = None if asked.batch is None else Spread(asked.batch.mode, asked.batch.values)
    return await _proven(backend.proofs, backend.store, submission, spread)


async def prepared(proofs: Proofs, packs: Packs, store: Store, asked: messages.Submit, owner: str) -> Proven:
    """Return what a websocket asks for, proven like what HTTP brings; see :func:`proven`."""
    await packs.wait()
    form = await form_of(store, asked, owner)
    return await _proven(proofs, store, form.submission, form.spread)


def prove_schedule(
    engine: Runner,
    document: JsonObject,
    inputs: JsonObject,
    targets: Collection[str] | None,
    later: Collection[str],
) -> str:
    """Prove what a schedule runs as far as it is known, and return the name of the models that it loads.

    Args:
        later: the inputs whose values come with an occasion: what is wrong without them is not wrong.

    Raises:
        WorkflowError: with every problem of the document.
    """
    workflow = workflow_from(dict(document))
    with_parameters(workflow, dict.fromkeys(later))  # each must be an input of the workflow
    try:
        return prove(engine, document, inputs, targets)
    except WorkflowError as error:
        places = {place for name in later for place in places_of(workflow, name)}
        open_ = {(place.node, place.name) for place in places}
        problems = [each for each in error.problems if (each.node, each.socket) not in open_]
        if problems:
            raise WorkflowError(problems) from None
        return ""


async def _proven(proofs: Proofs, store: Store, submission: Submission, spread: Spread | None) -> Proven:
    """Prove each job of a submission, and note the models that the first loads.

    Raises:
        Unacceptable: the batch is none, or the workflow is not JSON.
        WorkflowError: with every problem of the first job that has any.
    """
    rows = [submission.inputs]
    if spread is not None:
        rows = await asyncio.to_thread(rows_of, submission.inputs, spread, store.queue.limits.batch)
    proof = await proofs.of_all(submission.workflow, rows, submission.targets)
    return Proven(replace(submission, weights=proof.weights), spread, proof.content)
