"""What a schedule is: a trigger, and the submission that it makes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from graphengine.errors import Unacceptable
from graphengine.service.job import ID, JsonObject, Submission
from graphengine.service.schedule.misfire import Misfire
from graphengine.service.schedule.trigger import Trigger

MISFIRE = Misfire()


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to have run, and when.

    Attributes:
        workflow: the document that is run, as plain data; or else
        name: the name in the library whose newest version is run.
        misfire: what becomes of times that are missed.
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
        self.submission(datetime(2000, 1, 1, tzinfo=UTC), {}).check(ours=True)

    def submission(self, time: datetime, document: JsonObject) -> Submission:
        """Return what the schedule submits for one of its times: the same for the same time, so one job."""
        return Submission(
            id=f"{self.id}~{time.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            owner=self.owner,
            workflow=document,
            inputs=self.inputs,
            targets=self.targets,
            priority=self.priority,
            title=self.title,
            tags=self.tags,
            weights=self.weights,
        )


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

    @property
    def id(self) -> str:
        """The schedule's id."""
        return self.draft.id
