"""What a schedule is: a trigger, and the submission that it makes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Final

from graphengine.errors import Unacceptable
from graphengine.files.digest import sha256
from graphengine.service.documents import title_of
from graphengine.service.job import ID, JsonObject, Submission
from graphengine.service.schedule.happening import Folder, Hook
from graphengine.service.schedule.misfire import Misfire
from graphengine.service.schedule.trigger import Trigger

MISFIRE: Final = Misfire()

_NOBODY: Final = sha256(b"")


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to have run, and when.

    Attributes:
        workflow: the document that is run, as plain data; or else
        name: the name in the library whose newest version is run.
        misfire: what becomes of times that are missed; it has no meaning where no time is waited for.
    """

    id: str
    owner: str
    trigger: Trigger
    workflow: JsonObject | None = None
    name: str | None = None
    inputs: JsonObject = field(default_factory=dict)
    targets: tuple[str, ...] | None = None
    priority: int = 0
    title: str = ""
    tags: tuple[str, ...] = ()
    weights: str = ""
    misfire: Misfire = MISFIRE
    enabled: bool = True

    def check(self) -> None:
        """Refuse what cannot be kept.

        Raises:
            Unacceptable: a part has a wrong form, or there is not one workflow.
        """
        if (self.workflow is None) == (self.name is None):
            raise Unacceptable("a schedule has a workflow or the name of one, and not both")
        if not ID.fullmatch(self.id):
            raise Unacceptable(
                "an id has 1 to 100 letters, digits, '.', '_' and '-', and begins with a letter or digit"
            )
        if isinstance(self.trigger, Folder | Hook) and self.misfire != MISFIRE:
            raise Unacceptable("what does not wait for a time misses none: leave the misfire policy out")
        self.submission("check", {}).check(ours=True)

    def submission(self, name: str, document: JsonObject, inputs: JsonObject | None = None) -> Submission:
        """Return what the schedule submits for one occasion: the same for the same name, so one job.

        Args:
            inputs: those that the occasion brings.
        """
        return Submission(
            id=f"{self.id}~{name}",
            owner=self.owner,
            workflow=document,
            inputs={**self.inputs, **(inputs or {})},
            targets=self.targets,
            priority=self.priority,
            title=self.title or title_of(document),
            tags=self.tags,
            weights=self.weights,
        )


def name_of(time: datetime) -> str:
    """Return what the occasion of a time is called."""
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as it stands.

    Attributes:
        draft: what is wanted; ``draft.workflow`` is left out.
        workflow: the digest of the document, where it is not one by name.
        revision: counts the changes by clients.
        decided: up to this time nothing is open.
        due: when it fires next, if ever.
        fired: how many jobs it made.
        last: the time for which it made the last one.
        problem: why it made no job the last time, or empty.
        lock: the SHA-256 of the secret that opens it to requests; empty where none does.
    """

    draft: Draft
    workflow: str | None
    revision: int
    created: datetime
    decided: datetime
    due: datetime | None
    fired: int
    last: datetime | None
    problem: str
    lock: str = ""

    @property
    def id(self) -> str:
        """The schedule's id."""
        return self.draft.id

    def opens(self, secret: str) -> bool:
        """Return whether a secret opens the schedule to a request; it takes as long for a wrong one."""
        given = sha256(secret.encode("utf-8", "surrogateescape"))
        return compare_digest(given, self.lock or _NOBODY) and bool(self.lock)
