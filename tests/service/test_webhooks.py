"""Webhooks in the store: what is told is on the disk with what it tells of, and tried until it arrives or is over."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from stores import Hands, claimed, reopened, submission, submit

from graphengine.errors import Conflict, Failure, NotFound, StoreUnavailable, Unacceptable
from graphengine.service.database.writer import Transaction
from graphengine.service.queue import work
from graphengine.service.spread import Spread
from graphengine.service.store import Store
from graphengine.service.webhook import courier as courier_module
from graphengine.service.webhook import delivering, outbox
from graphengine.service.webhook.courier import DELAYS, Courier
from graphengine.service.webhook.delivering import Outcome
from graphengine.service.webhook.webhook import Delivery, Draft, key_of, new_secret, signed
from graphengine.service.webhook.webhooks import MOST

URL = "https://example.com/hook"


def draft(id_: str = "mine", **fields: Any) -> Draft:
    return replace(Draft(id_, "ann", URL), **fields)


class Receiver:
    """Takes what is sent, and answers as told."""

    def __init__(self, *answers: Outcome) -> None:
        self.answers = list(answers)
        self.got: list[tuple[str, Mapping[str, str], dict[str, Any]]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_once = self.most_at_once = 0

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        self.got.append((url, headers, json.loads(body)))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        await self.gate.wait()
        self.at_once -= 1
        return self.answers.pop(0) if self.answers else Outcome(200)


REFUSED = Outcome(500, "the receiver answered 500")


async def finished(store: Store, id_: str, owner: str = "ann", result: Any = None) -> None:
    await submit(store, id_, owner, title=f"the job {id_}", tags=("t",))
    await store.attempts.finish((await claimed(store)).lease, result or {"outputs": {}, "files": []})


async def beat(courier: Courier) -> None:
    """Deliver what is due now, and wait until it is noted."""
    await courier.tick()
    while courier._tasks:
        await asyncio.sleep(0)


async def only(store: Store, id_: str = "mine") -> Delivery:
    (delivery,) = await store.webhooks.deliveries(id_)
    return delivery


# ------------------------------------------------------------------ kept


async def test_a_webhook_is_what_was_saved(store: Store) -> None:
    saved = await store.webhooks.save(draft(states=frozenset({"failed"}), jobs="all"))
    assert saved == await store.webhooks.get("mine")
    assert (saved.revision, saved.waiting, saved.dropped, saved.problem) == (1, 0, 0, "")
    assert len(key_of(saved.secret)) == 32
    assert await store.webhooks.save(saved.draft) == saved
    secret = new_secret()
    changed = await store.webhooks.save(replace(saved.draft, url="https://example.org/"), secret=secret, expected=1)
    assert (changed.revision, changed.secret, changed.draft.url) == (2, secret, "https://example.org/")
    assert await store.webhooks.save(changed.draft, expected=1) == changed, "asked again, it was done already"
    with pytest.raises(Conflict):
        await store.webhooks.save(draft(), expected=1)
    with pytest.raises(Conflict):
        await store.webhooks.save(draft(owner="bob"))
    await store.webhooks.save(draft("b", owner="bob"))
    assert [each.id for each in await store.webhooks.list()] == ["b", "mine"]
    assert [each.id for each in await store.webhooks.list("bob")] == ["b"]
    await store.webhooks.delete("mine")
    for act in (store.webhooks.get("mine"), store.webhooks.delete("mine"), store.webhooks.deliveries("mine")):
        with pytest.raises(NotFound):
            await act


@pytest.mark.parametrize(
    "changes",
    [{"id": "a~b"}, {"url": ""}, {"url": "x" * 2_001}, {"states": frozenset()}, {"states": frozenset({"queued"})}],
)
async def test_what_cannot_be_kept_is_refused(store: Store, changes: dict[str, Any]) -> None:
    with pytest.raises(Unacceptable):
        await store.webhooks.save(draft(**changes))
    assert await store.webhooks.list() == []


@pytest.mark.parametrize("secret", ["", "x", "whsec_", "whsec_AAAA", "whsec_?", "whsec_" + "A" * 100, "A" * 32])
async def test_what_is_no_secret_is_refused(store: Store, secret: str) -> None:
    with pytest.raises(Unacceptable):
        await store.webhooks.save(draft(), secret=secret)


async def test_there_are_not_too_many(store: Store) -> None:
    await asyncio.gather(*[store.webhooks.save(draft(f"w{index}")) for index in range(MOST)])
    with pytest.raises(Conflict):
        await store.webhooks.save(draft("more"))


# ------------------------------------------------------------------ told


async def test_each_end_is_told_to_whoever_wants_it(store: Store) -> None:
    await store.webhooks.save(draft("failures", states=frozenset({"failed", "cancelled"})))
    await store.webhooks.save(draft("everything", owner="eve", jobs="all"))
    await store.webhooks.save(draft("off", enabled=False))
    await finished(store, "one")
    await submit(store, "two")
    await store.attempts.fail((await claimed(store)).lease, Failure("node_error", "no luck"))
    await submit(store, "three")
    await store.queue.cancel("three")
    await finished(store, "his", "bob")

    async def told(id_: str) -> list[tuple[str, str]]:
        return [(each.kind, each.job) for each in reversed(await store.webhooks.deliveries(id_))]

    assert await told("failures") == [("job.failed", "two"), ("job.cancelled", "three")]
    everything = [("job.done", "one"), ("job.failed", "two"), ("job.cancelled", "three"), ("job.done", "his")]
    assert await told("everything") == everything
    assert await told("off") == []
    assert (await store.webhooks.get("everything")).waiting == 4


async def test_what_is_told_is_the_job_as_it_ended(store: Store, hands: Hands) -> None:
    await store.webhooks.save(draft())
    result = {"outputs": {"image": {"task": "save", "type": "Image"}}, "files": [{"digest": "0" * 64}]}
    await finished(store, "one", result=result)
    await store.queue.delete("one")
    body = json.loads((await only(store)).body)
    assert (body["type"], body["timestamp"]) == ("job.done", "2027-01-15T08:00:00Z")
    assert body["data"]["result"] == result
    fields = ("id", "owner", "state", "title", "tags", "attempt", "failure", "complete")
    assert [body["data"][name] for name in fields] == ["one", "ann", "done", "the job one", ["t"], 1, None, True]


async def test_a_result_that_is_too_long_is_left_out(store: Store) -> None:
    await store.webhooks.save(draft())
    await finished(store, "one", result={"outputs": {"text": {"value": "x" * outbox.MOST_RESULT}}, "files": []})
    data = json.loads((await only(store)).body)["data"]
    assert (data["result"], data["complete"]) == (None, False)


async def test_each_job_of_a_batch_is_told(store: Store) -> None:
    await store.webhooks.save(draft())
    await store.queue.submit_batch(submission("many"), Spread("zip", {"x": [1, 2, 3]}))
    for _ in range(3):
        await store.attempts.finish((await claimed(store)).lease, {})
    assert [each.job for each in await store.webhooks.deliveries("mine")] == ["many~2", "many~1", "many~0"]


async def test_too_much_is_dropped_and_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 2)
    await store.webhooks.save(draft())
    for index in range(4):
        await finished(store, f"j{index}")
    webhook = await store.webhooks.get("mine")
    assert (webhook.waiting, webhook.dropped) == (2, 2)
    with pytest.raises(Conflict):
        await store.webhooks.ping("mine")
    assert [each.job for each in await store.webhooks.deliveries("mine")] == ["j1", "j0"]


# ------------------------------------------------------------------ delivered


async def test_it_arrives_and_its_signature_is_what_others_expect(store: Store) -> None:
    """Checked by the library of those who wrote the specification, which knows the real time."""
    clock = courier_module.Clock()
    webhook = await store.webhooks.save(draft())
    await finished(store, "one")
    receiver = Receiver()
    await beat(Courier(store.database, clock, receiver))
    ((url, headers, body),) = receiver.got
    delivery = await only(store)
    assert (url, headers["webhook-id"], body["data"]["id"]) == (URL, delivery.id, "one")
    assert standardwebhooks.Webhook(webhook.secret).verify(delivery.body, dict(headers)) == body
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(new_secret()).verify(delivery.body, dict(headers))
    assert (delivery.state, delivery.attempts, delivery.status, delivery.problem) == ("done", 1, 200, "")
    assert (await store.webhooks.get("mine")).waiting == 0
    await beat(Courier(store.database, clock, receiver))
    assert len(receiver.got) == 1


def test_a_known_signature() -> None:
    """The example of the specification."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '{"test": 2432232314}'
    headers = signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", body, 1614265330)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_what_does_not_arrive_is_tried_again_with_the_same_id(store: Store, hands: Hands) -> None:
    await store.webhooks.save(draft())
    await finished(store, "one")
    receiver = Receiver(*[REFUSED] * 3)
    courier = Courier(store.database, hands.clock, receiver)
    await beat(courier)
    delivery = await only(store)
    assert (delivery.state, delivery.attempts, delivery.status) == ("waiting", 1, 500)
    assert delivery.problem == "the receiver answered 500"
    assert delivery.due is not None
    for number in range(1, 4):
        hands.run(DELAYS[number - 1] * 0.7)
        await beat(courier)
        assert len(receiver.got) == number, "it is not tried too early"
        hands.run(DELAYS[number - 1] * 0.6)
        await beat(courier)
        assert len(receiver.got) == number + 1
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for _, headers, _ in receiver.got}) == 4
    assert (await only(store)).state == "done"


async def test_it_is_given_up_in_the_end_and_may_be_tried_again(store: Store, hands: Hands) -> None:
    await store.webhooks.save(draft())
    await finished(store, "one")
    receiver = Receiver(*[REFUSED] * (len(DELAYS) + 1))
    courier = Courier(store.database, hands.clock, receiver)
    for _ in range(len(DELAYS) + 3):
        await beat(courier)
        hands.run(2 * DELAYS[-1])
    assert len(receiver.got) == len(DELAYS) + 1
    failed = await only(store)
    assert (failed.state, failed.attempts, failed.due) == ("failed", len(DELAYS) + 1, None)
    assert (await store.webhooks.get("mine")).waiting == 0
    again = await store.webhooks.retry("mine", failed.id)
    assert (again.state, again.attempts, again.id) == ("waiting", 0, failed.id)
    await beat(courier)
    assert (await only(store)).state == "done"
    with pytest.raises(Conflict):
        await store.webhooks.retry("mine", failed.id)
    with pytest.raises(NotFound):
        await store.webhooks.retry("mine", "msg_none")


async def test_what_there_is_no_use_in_is_not_tried_again(store: Store, hands: Hands) -> None:
    await store.webhooks.save(draft())
    await finished(store, "one")
    receiver = Receiver(Outcome(problem="the address is private", final=True))
    courier = Courier(store.database, hands.clock, receiver)
    await beat(courier)
    hands.run(1_000)
    await beat(courier)
    assert len(receiver.got) == 1
    assert (await only(store)).state == "failed"


async def test_a_receiver_that_is_gone_is_left_alone(store: Store, hands: Hands) -> None:
    await store.webhooks.save(draft())
    await finished(store, "one")
    receiver = Receiver(Outcome(410, "the receiver answered 410", final=True, gone=True))
    courier = Courier(store.database, hands.clock, receiver)
    await beat(courier)
    webhook = await store.webhooks.get("mine")
    assert (webhook.draft.enabled, webhook.problem) == (False, "the receiver said that it is gone")
    await finished(store, "two")
    assert len(await store.webhooks.deliveries("mine")) == 1
    assert (await store.webhooks.save(draft())).problem == ""
    await finished(store, "three")
    await beat(courier)
    assert [body["data"]["id"] for _, _, body in receiver.got] == ["one", "three"]


async def test_a_receiver_that_fails_for_days_is_left_alone(
    store: Store, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "MOST_FAILURES", 5)
    await store.webhooks.save(draft())
    for index in range(4):
        await finished(store, f"j{index}")
    receiver = Receiver(*[REFUSED] * 4, Outcome(200), *[REFUSED] * 5)
    courier = Courier(store.database, hands.clock, receiver)
    while (await store.webhooks.get("mine")).draft.enabled:
        await beat(courier)
        hands.run(400)
    assert len(receiver.got) == 10, "a success in between lets it begin anew"
    webhook = await store.webhooks.get("mine")
    assert (webhook.problem, webhook.waiting) == ("the receiver failed 5 times in a row", 3)
    await store.webhooks.save(draft())
    for _ in range(10):
        await beat(courier)
        hands.run(400)
    assert {each.state for each in await store.webhooks.deliveries("mine")} == {"done"}


async def test_a_receiver_that_wants_to_be_left_in_peace_is(store: Store, hands: Hands) -> None:
    await store.webhooks.save(draft())
    await finished(store, "one")
    receiver = Receiver(Outcome(429, "the receiver answered 429", retry_after=600))
    courier = Courier(store.database, hands.clock, receiver)
    await beat(courier)
    hands.run(599)
    await beat(courier)
    assert len(receiver.got) == 1
    hands.run(2)
    await beat(courier)
    assert len(receiver.got) == 2


async def test_a_receiver_that_fails_is_asked_by_one_at_a_time(store: Store, hands: Hands) -> None:
    await store.webhooks.save(draft())
    for index in range(20):
        await finished(store, f"j{index}")
    receiver = Receiver(*[REFUSED] * 1_000)
    courier = Courier(store.database, hands.clock, receiver)
    await beat(courier)
    assert receiver.most_at_once == 4
    seen, receiver.most_at_once = len(receiver.got), 0
    for _ in range(600):
        await beat(courier)
        hands.run(1)
    assert receiver.most_at_once == 1
    assert len(receiver.got) - seen < 30, "less and less often"
    receiver.answers = []
    hands.run(3_600)
    for _ in range(40):
        await beat(courier)
    assert (await store.webhooks.get("mine")).waiting == 0


async def test_a_receiver_that_hangs_holds_up_nobody_else(store: Store, hands: Hands) -> None:
    await store.webhooks.save(draft("slow", url="https://slow.example/"))
    await store.webhooks.save(draft("quick"))
    quick, slow = Receiver(), Receiver()
    slow.gate.clear()

    async def send(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        return await (slow if "slow" in url else quick)(url, headers, body)

    courier = Courier(store.database, hands.clock, send)
    for index in range(20):
        await finished(store, f"j{index}")
    running = asyncio.create_task(courier.run())
    async with asyncio.timeout(60):
        while (await store.webhooks.get("quick")).waiting:
            await asyncio.sleep(0.01)
    assert (slow.most_at_once, quick.most_at_once <= 4) == (4, True)
    slow.gate.set()
    async with asyncio.timeout(60):
        while (await store.webhooks.get("slow")).waiting:
            await asyncio.sleep(0.01)
    running.cancel()
    await courier.close(1)


async def test_what_arrived_is_forgotten_in_time(store: Store, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "HISTORY", 3)
    await store.webhooks.save(draft())
    courier = Courier(store.database, hands.clock, Receiver())
    for index in range(8):
        await finished(store, f"j{index}")
        await beat(courier)
    newest = await store.webhooks.deliveries("mine")
    assert [each.job for each in newest] == ["j7", "j6", "j5"]
    page = await store.webhooks.deliveries("mine", "done", limit=1, after=newest[0].id)
    assert [each.job for each in page] == ["j6"]
    assert await store.webhooks.deliveries("mine", "failed") == []


# ------------------------------------------------------------------ crashes and clocks


async def test_what_was_cut_off_is_sent_again_with_the_same_id(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "data")
    await store.webhooks.save(draft())
    await finished(store, "one")
    first = Receiver()
    first.gate.clear()
    courier = Courier(store.database, courier_module.Clock(), first)
    await courier.tick()
    async with asyncio.timeout(60):
        while not first.got:
            await asyncio.sleep(0)
    await courier.close(0)
    store = await reopened(store, tmp_path / "data")
    second = Receiver()
    await beat(Courier(store.database, courier_module.Clock(), second))
    assert first.got[0][1]["webhook-id"] == second.got[0][1]["webhook-id"]
    assert (await only(store)).state == "done"
    await store.close()


async def test_an_end_that_was_not_committed_is_not_told(store: Store) -> None:
    await store.webhooks.save(draft())
    await submit(store, "one")
    job = await claimed(store)

    def act(transaction: Transaction) -> None:
        work.finish(transaction, job.lease, {}, 1)
        raise Unacceptable("the act is undone")

    with pytest.raises(Unacceptable):
        await store.database.write(act)
    assert await store.webhooks.deliveries("mine") == []
    await store.attempts.finish(job.lease, {})
    assert [each.job for each in await store.webhooks.deliveries("mine")] == ["one"]


@pytest.mark.parametrize("jump", [-3_600.0, 3_600.0, 365 * 86_400.0])
async def test_a_clock_that_jumps_loses_nothing(store: Store, hands: Hands, jump: float) -> None:
    """R15: also what was put down, or tried, while the clock was wrong."""
    await store.webhooks.save(draft())
    receiver = Receiver(REFUSED)
    courier = Courier(store.database, hands.clock, receiver)
    await finished(store, "one")
    await beat(courier)
    hands.wall += jump
    hands.run(30)
    await finished(store, "two")
    receiver.answers = [REFUSED]
    await beat(courier)
    hands.wall -= jump
    await finished(store, "three")
    for _ in range(60):
        hands.run(10)
        await beat(courier)
    deliveries = await store.webhooks.deliveries("mine")
    assert [(each.job, each.state) for each in deliveries] == [("three", "done"), ("two", "done"), ("one", "done")]
    assert len(receiver.got) <= 6, "and nothing is sent again and again"


async def test_the_courier_outlives_faults(store: Store, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier_module, "RETRY", 0.01)
    await store.webhooks.save(draft())
    faults = [StoreUnavailable("no", "disk_full")] * 3
    settle, find = delivering.settle, delivering.webhooks

    def failing(*given: Any) -> Any:
        if faults:
            raise faults.pop()
        return settle(*given)

    def unreadable(connection: Any) -> Any:
        if len(faults) == 3:
            raise faults.pop()
        return find(connection)

    monkeypatch.setattr(delivering, "settle", failing)
    monkeypatch.setattr(delivering, "webhooks", unreadable)
    await finished(store, "one")
    receiver = Receiver()
    courier = Courier(store.database, hands.clock, receiver)
    running = asyncio.create_task(courier.run())
    async with asyncio.timeout(60):
        while (await store.webhooks.get("mine")).waiting:
            await asyncio.sleep(0.01)
    assert len(receiver.got) == 1, "what arrived is not sent again because it could not be noted"
    running.cancel()


async def test_a_sender_that_breaks_is_a_failed_attempt(
    store: Store, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    await store.webhooks.save(draft())
    await finished(store, "one")

    async def broken(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        raise LookupError("a bug")

    await beat(Courier(store.database, hands.clock, broken))
    delivery = await only(store)
    assert (delivery.state, delivery.attempts) == ("waiting", 1)
    assert "a bug" in caplog.text
    assert "bug" not in delivery.problem
