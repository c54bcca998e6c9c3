"""What a client asks on the websocket about what stands: schedules, and webhooks that are told when jobs end."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from graphengine.server.asked import Asked, Id, example
from graphengine.server.fields import WHOLE, Inputs
from graphengine.server.timed import ScheduleFields
from graphengine.server.webhooks import DeliveryState, WebhookFields

Limit = Annotated[int, Field(ge=1, le=1_000), WHOLE]
After = Annotated[str, Field(max_length=200)]


class SaveSchedule(Asked, ScheduleFields):
    """Make a schedule or replace it; the secret of a new webhook is told in the reply, and never again."""

    model_config = example(
        type="save_schedule",
        id="11",
        schedule="nightly",
        trigger={"kind": "cron", "expression": "0 2 * * *", "zone": "Europe/Berlin"},
        workflow="portrait",
        inputs={"prompt": "a red circle"},
    )

    type: Literal["save_schedule"]
    schedule: Id


class GetSchedule(Asked):
    """Ask for a schedule, and when it fires next."""

    model_config = example(type="get_schedule", id="12", schedule="nightly")

    type: Literal["get_schedule"]
    schedule: Id


class ListSchedules(Asked):
    """Ask for schedules by id; go on ``after`` the last."""

    model_config = example(type="list_schedules", id="13", own=True)

    type: Literal["list_schedules"]
    own: bool = False
    limit: Limit = 100
    after: After = ""


class PauseSchedule(Asked):
    """Let a schedule fire no more, or with ``paused`` false again from now on."""

    model_config = example(type="pause_schedule", id="14", schedule="nightly", paused=True)

    type: Literal["pause_schedule"]
    schedule: Id
    paused: bool = True


class FireSchedule(Asked):
    """Queue a job of a schedule now; ``inputs`` go over its own. The same under the same ``key`` is the same job."""

    model_config = example(type="fire_schedule", id="15", schedule="nightly", inputs={"seed": 3}, key="by-hand-1")

    type: Literal["fire_schedule"]
    schedule: Id
    inputs: Inputs = Field(default_factory=dict)
    key: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class DeleteSchedule(Asked):
    """Remove a schedule; the jobs that it made stay."""

    model_config = example(type="delete_schedule", id="16", schedule="nightly")

    type: Literal["delete_schedule"]
    schedule: Id


class SaveWebhook(Asked, WebhookFields):
    """Make a webhook or replace it; the secret of a new one is told in the reply, and never again."""

    model_config = example(
        type="save_webhook", id="17", webhook="chat", url="https://example.com/hook", states=["failed"]
    )

    type: Literal["save_webhook"]
    webhook: Id


class GetWebhook(Asked):
    """Ask for a webhook."""

    model_config = example(type="get_webhook", id="18", webhook="chat")

    type: Literal["get_webhook"]
    webhook: Id


class ListWebhooks(Asked):
    """Ask for one's webhooks; an admin gets all."""

    model_config = example(type="list_webhooks", id="19")

    type: Literal["list_webhooks"]


class DeleteWebhook(Asked):
    """Remove a webhook, with what is on its way to it."""

    model_config = example(type="delete_webhook", id="20", webhook="chat")

    type: Literal["delete_webhook"]
    webhook: Id


class PingWebhook(Asked):
    """Send a webhook something that means nothing, to see whether it arrives."""

    model_config = example(type="ping_webhook", id="21", webhook="chat")

    type: Literal["ping_webhook"]
    webhook: Id


class ListDeliveries(Asked):
    """Ask for the deliveries to a webhook, the newest first; go on ``after`` the last."""

    model_config = example(type="list_deliveries", id="22", webhook="chat", state="failed")

    type: Literal["list_deliveries"]
    webhook: Id
    state: DeliveryState | None = None
    limit: Limit = 100
    after: After = ""


class RetryDelivery(Asked):
    """Try a delivery again that was given up."""

    model_config = example(type="retry_delivery", id="23", webhook="chat", delivery="msg_2f8a")

    type: Literal["retry_delivery"]
    webhook: Id
    delivery: Id


Order = (
    SaveSchedule
    | GetSchedule
    | ListSchedules
    | PauseSchedule
    | FireSchedule
    | DeleteSchedule
    | SaveWebhook
    | GetWebhook
    | ListWebhooks
    | DeleteWebhook
    | PingWebhook
    | ListDeliveries
    | RetryDelivery
)
"""The requests about schedules and webhooks."""

ORDERS = get_args(Order)
LOOKS = (GetSchedule, ListSchedules, GetWebhook, ListWebhooks, ListDeliveries)
"""Those that change nothing."""
