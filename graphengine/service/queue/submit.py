"""Taking jobs in: each id once, a batch as a whole or not at all, and no more than fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphengine.errors import Conflict, QueueFull
from graphengine.service.canonical import canonical, compact, digest
from graphengine.service.database.writer import Transaction
from graphengine.service.documents import Content, keep, same
from graphengine.service.events import append
from graphengine.service.job import Batch, Job, Submission
from graphengine.service.limits import Limits
from graphengine.service.queue.change import GAP, count
from graphengine.service.queue.records import find_batch, find_job
from graphengine.service.queue.turns import enter
from graphengine.service.spread import Spread, rows_of

_INSERT = """
INSERT INTO job (seq, id, owner, body, state, priority, rank, weights, batch, workflow, inputs, targets, title, tags,
                 created)
VALUES (:seq, :id, :owner, :body, 'queued', :priority, :rank, :weights, :batch, :workflow, :inputs, :targets, :title,
        :tags, :created)
"""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A submission in the form in which it is kept: all that can be done outside the writer's thread.

    ``body`` is the digest of all but the workflow. ``inputs`` holds those of each job; ``batch`` says whether they
    are one.
    """

    submission: Submission
    body: str
    content: Content
    inputs: Sequence[str]
    batch: bool

    @classmethod
    def of(
        cls,
        submission: Submission,
        spread: Spread | None,
        limits: Limits,
        *,
        ours: bool,
        content: Content | None = None,
    ) -> "Prepared":
        """Check a submission and write it out.

        Args:
            ours: whether the service itself chose the id.
            content: the workflow as it is kept, if that is known already.

        Raises:
            Unacceptable: it has a wrong form.
        """
        submission.check(ours=ours)
        rows = rows_of(submission.inputs, spread, limits.batch)
        body = {**submission.body(), "spread": None if spread is None else spread.body()}
        return cls(
            submission,
            digest(canonical(body)),
            content or Content.of(submission.workflow),
            [compact(row) for row in rows],
            batch=spread is not None,
        )


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job of a submission; ``created`` is False where it was there already."""

    job: Job
    created: bool


@dataclass(frozen=True, slots=True)
class AcceptedBatch:
    """The batch of a submission; ``created`` is False where it was there already."""

    batch: Batch
    created: bool


def accept(transaction: Transaction, prepared: Prepared, limits: Limits, retry_after: int, now: int) -> bool:
    """Write the jobs of a submission, and return False where they were there already.

    Raises:
        Conflict: the id belongs to another submission.
        QueueFull: there is no room for all of them.
    """
    known = transaction.execute(
        "SELECT body, workflow FROM job WHERE id = :id UNION ALL SELECT body, workflow FROM batch WHERE id = :id",
        {"id": prepared.submission.id},
    ).fetchone()
    if known is not None:
        if known["body"] != prepared.body or not same(transaction.connection, known["workflow"], prepared.content):
            raise Conflict(f"the id {prepared.submission.id} belongs to another submission")
        return False
    number = len(prepared.inputs)
    make_room(transaction, number, limits, retry_after)
    keep(transaction, prepared.content)
    if prepared.batch:
        _insert_batch(transaction, prepared, now)
    for index, inputs in enumerate(prepared.inputs):
        _insert_job(transaction, prepared, index, inputs, now)
    count(transaction, "queued", number)
    enter(transaction, prepared.submission.owner, prepared.submission.priority, number)
    return True


def make_room(transaction: Transaction, number: int, limits: Limits, retry_after: int) -> None:
    """Refuse ``number`` more jobs where they do not fit.

    Raises:
        QueueFull: too many wait.
    """
    queued: int = transaction.execute("SELECT jobs FROM tally WHERE state = 'queued'").fetchone()[0]
    if queued + number > limits.queued:
        raise QueueFull(f"{queued:,} jobs wait, and at most {limits.queued:,} may", retry_after)


def accepted_job(transaction: Transaction, prepared: Prepared, limits: Limits, retry_after: int, now: int) -> Accepted:
    """Accept a submission of one job; see :func:`accept`."""
    created = accept(transaction, prepared, limits, retry_after, now)
    return Accepted(find_job(transaction.connection, prepared.submission.id), created)


def accepted_batch(
    transaction: Transaction, prepared: Prepared, limits: Limits, retry_after: int, now: int
) -> AcceptedBatch:
    """Accept a submission of a batch; see :func:`accept`."""
    created = accept(transaction, prepared, limits, retry_after, now)
    return AcceptedBatch(find_batch(transaction.connection, prepared.submission.id), created)


def _insert_batch(transaction: Transaction, prepared: Prepared, now: int) -> None:
    submission, number = prepared.submission, len(prepared.inputs)
    transaction.execute(
        "INSERT INTO batch (id, owner, body, workflow, total, unfinished, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (submission.id, submission.owner, prepared.body, prepared.content.digest, number, number, now),
    )


def _insert_job(transaction: Transaction, prepared: Prepared, index: int, inputs: str, now: int) -> None:
    asked = prepared.submission
    id_ = f"{asked.id}~{index}" if prepared.batch else asked.id
    batch = asked.id if prepared.batch else None
    seq = append(transaction, now, "queued", job=id_, owner=asked.owner, priority=asked.priority, batch=batch)
    values = {
        "seq": seq,
        "id": id_,
        "owner": asked.owner,
        "body": prepared.body,
        "priority": asked.priority,
        "rank": seq * GAP,
        "weights": asked.weights,
        "batch": batch,
        "workflow": prepared.content.digest,
        "inputs": inputs,
        "targets": None if asked.targets is None else compact(asked.targets),
        "title": asked.title,
        "tags": compact(asked.tags),
        "created": now,
    }
    transaction.execute(_INSERT, values)
