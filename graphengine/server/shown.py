"""What the service has, as clients see it."""

from dataclasses import asdict
from typing import Final

from pydantic import TypeAdapter

from graphengine.server.timed import Misfire, ScheduleView, Trigger
from graphengine.server.views import JobFailure, JobView
from graphengine.server.webhooks import ENDS, DeliveryView, WebhookView
from graphengine.service.job import Job
from graphengine.service.schedule.happening import Hook
from graphengine.service.schedule.schedule import Schedule
from graphengine.service.schedule.trigger import TRIGGER, upcoming
from graphengine.service.webhook.webhook import Delivery, Webhook

_TIMES: Final = 5
_TRIGGER: Final[TypeAdapter[Trigger]] = TypeAdapter(Trigger)


def job_view(job: Job) -> JobView:
    """Return a job as clients see it; it is ours already, so that a page of jobs is not proven again."""
    shown = {name: getattr(job, name) for name in JobView.model_fields}
    shown["failure"] = None if job.failure is None else JobFailure(**asdict(job.failure))
    shown["targets"] = None if job.targets is None else list(job.targets)
    shown["tags"] = list(job.tags)
    return JobView.model_construct(**shown)


def schedule_view(schedule: Schedule, secret: str | None = None) -> ScheduleView:
    """Return a schedule as clients see it; ``secret`` is shown to whoever has just made it."""
    draft = schedule.draft
    return ScheduleView(
        id=schedule.id,
        owner=draft.owner,
        trigger=_TRIGGER.validate_python(TRIGGER.dump_python(draft.trigger, mode="json")),
        workflow=schedule.workflow,
        saved=draft.name,
        inputs=dict(draft.inputs),
        targets=None if draft.targets is None else list(draft.targets),
        priority=draft.priority,
        title=draft.title,
        tags=list(draft.tags),
        misfire=Misfire.model_validate(asdict(draft.misfire)),
        paused=not draft.enabled,
        revision=schedule.revision,
        created=schedule.created,
        next=list(upcoming(draft.trigger, schedule.due, _TIMES)),
        fired=schedule.fired,
        last=schedule.last,
        problem=schedule.problem,
        path=f"/api/hooks/{schedule.id}" if isinstance(draft.trigger, Hook) else None,
        secret=secret,
    )


def webhook_view(webhook: Webhook, secret: str | None = None) -> WebhookView:
    """Return a webhook as its owner sees it; ``secret`` is shown to whoever has just made it."""
    draft = webhook.draft
    return WebhookView(
        id=webhook.id,
        owner=draft.owner,
        url=draft.url,
        states=[each for each in ENDS if each in draft.states],
        jobs=draft.jobs,
        paused=not draft.enabled,
        revision=webhook.revision,
        created=webhook.created,
        waiting=webhook.waiting,
        dropped=webhook.dropped,
        problem=webhook.problem,
        secret=secret,
    )


def delivery_view(delivery: Delivery) -> DeliveryView:
    """Return a delivery as the owner of its webhook sees it."""
    return DeliveryView(
        id=delivery.id,
        webhook=delivery.webhook,
        type=delivery.kind,
        job=delivery.job or None,
        state=delivery.state,
        attempts=delivery.attempts,
        created=delivery.created,
        tried=delivery.tried,
        due=delivery.due,
        status=delivery.status,
        problem=delivery.problem,
    )
