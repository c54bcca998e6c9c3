"""The client against a service on loopback: jobs, events, and connections that break."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from stores import DOCUMENT
from streaming import Service

from graphengine.builder import Workflow
from graphengine.client import Client, Disconnected, JobEnded, Refused, Saved, SyncClient
from graphengine.server.access import Caller
from graphengine.server.commands import Outcome
from graphengine.server.messages import Command, Event, Preview, Progress, Resync
from graphengine.service.limits import Limits
from graphengine.workflow.parse import workflow_from


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(tmp_path / "data")
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[Client]:
    async with Client(service.url, patience=5) as client:
        yield client


async def test_a_run_is_followed_from_its_queue_to_its_end(client: Client) -> None:
    updates = [update async for update in client.run(DOCUMENT, steps=4, pause=0.06)]
    kinds = [update.kind for update in updates if isinstance(update, Event)]
    assert kinds == ["queued", "started", "task_started", "task_finished", "finished"]
    assert any(isinstance(update, Progress) for update in updates)
    previews = [update for update in updates if isinstance(update, Preview)]
    assert previews[0].data == b"\xff\xd8picture"


async def test_what_a_job_leaves_is_its_result(client: Client) -> None:
    job = await client.submit(DOCUMENT, id="one", priority=3, tags=["red"])
    assert (job.id, job.state, job.priority, job.tags) == ("one", "queued", 3, ["red"])
    assert await client.result("one") == {"image": "of one"}
    assert (await client.wait("one")).state == "done"
    assert [each.id for each in await client.jobs(states=["done"])] == ["one"]


async def test_the_same_submission_twice_is_one_job_and_another_is_refused(client: Client) -> None:
    first = await client.submit(DOCUMENT, id="one")
    assert (await client.submit(DOCUMENT, id="one")).seq == first.seq
    with pytest.raises(Refused) as refused:
        await client.submit(DOCUMENT, {"steps": 1}, id="one")
    assert refused.value.code == "conflict"


async def test_failures_and_cancellations_are_told(client: Client) -> None:
    failed = await client.submit(DOCUMENT, {"fail": True})
    with pytest.raises(JobEnded, match="no luck"):
        await client.result(failed.id)
    waiting = await client.submit(DOCUMENT, {"wait": True})
    await client.cancel(waiting.id)
    with pytest.raises(JobEnded, match="cancelled"):
        await client.result(waiting.id)
    assert (await client.retry(failed.id)).state == "queued"


async def test_a_job_that_was_retried_is_followed_to_its_last_end(client: Client) -> None:
    failed = await client.submit(DOCUMENT, {"fail": True, "pause": 0.05})
    await client.wait(failed.id)
    await client.retry(failed.id)
    updates = [update async for update in client.follow(failed.id)]
    assert [update.kind for update in updates if isinstance(update, Event)].count("finished") == 2


async def test_a_batch_is_followed_as_one(client: Client) -> None:
    batch = await client.submit_batch(DOCUMENT, {"steps": [1, 2, 3]}, id="many")
    updates = [update async for update in client.follow(batch)]
    ended = [update.job for update in updates if isinstance(update, Event) and update.kind == "finished"]
    assert ended == ["many~0", "many~1", "many~2"]
    assert updates[-1].kind == "batch_finished"


async def test_a_wrong_workflow_is_refused_with_its_problems(client: Client) -> None:
    with pytest.raises(Refused) as refused:
        await client.submit({"format": "graphengine.workflow", "version": 1, "nodes": {"a": {"tipe": "x"}}})
    assert refused.value.code == "invalid_workflow"
    assert refused.value.problems[0].node == "a"
    with pytest.raises(Refused):
        await client.job("nothing")


async def test_workflows_come_in_every_form(client: Client, service: Service, tmp_path: Path) -> None:
    path = tmp_path / "workflow.json"
    path.write_text(json.dumps(DOCUMENT))
    with Workflow() as built:
        built["n0"] = built.node("plain.number", value=0)
    await service.store.library.save("kept", DOCUMENT, owner="ann")
    forms = [DOCUMENT, workflow_from(DOCUMENT), built, path, str(path), Saved("kept"), Saved("kept", 1)]
    jobs = [await client.submit(form) for form in forms]
    assert {job.workflow for job in jobs} == {jobs[0].workflow}


async def test_own_events_are_those_of_one_owner(service: Service, client: Client) -> None:
    service.caller = Caller("bob", "admin")
    async with Client(service.url) as other, aclosing(client.events()) as own, aclosing(other.events(of="all")) as all_:
        taken = asyncio.create_task(anext(own)), asyncio.create_task(anext(all_))
        await asyncio.sleep(0.1)
        await other.submit(DOCUMENT, id="his")
        await client.submit(DOCUMENT, id="hers")
        first_own, first = await asyncio.wait_for(asyncio.gather(*taken), 5)
        assert (first_own.job, first.job) == ("hers", "his")


async def test_nobody_there_is_told_after_the_patience(unused_tcp_port: int) -> None:
    client = Client(f"http://127.0.0.1:{unused_tcp_port}", patience=0.2)
    with pytest.raises(Disconnected, match="does not answer"):
        await client.__aenter__()


async def test_who_is_not_let_in_is_told_at_once(service: Service) -> None:
    with pytest.raises(Disconnected, match="404"):
        await Client(f"{service.url}/elsewhere").__aenter__()


async def test_a_service_that_goes_ends_what_waits(service: Service) -> None:
    async with Client(service.url, patience=0.3) as client:
        job = await client.submit(DOCUMENT, {"wait": True})
        waiting = asyncio.create_task(client.wait(job.id))
        await asyncio.sleep(0.1)
        await service.stop()
        with pytest.raises(Disconnected):
            await asyncio.wait_for(waiting, 10)
        with pytest.raises(Disconnected):
            await client.job(job.id)
    await service.start()


async def test_a_retry_that_is_sent_again_is_done_once(service: Service, client: Client) -> None:
    failed = await client.submit(DOCUMENT, {"fail": True})
    await client.wait(failed.id)
    service.worker.cancel()
    answer = service.commands.answer

    async def cut(command: Command, caller: Caller) -> Outcome:
        outcome = await answer(command, caller)
        service.commands.answer = answer
        service.disconnect()
        return outcome

    service.commands.answer = cut
    assert (await client.retry(failed.id)).state == "queued"
    with pytest.raises(Refused, match="nothing to retry"):
        await client.retry(failed.id)


async def test_the_synchronous_face_says_the_same(service: Service) -> None:
    def talk() -> list[str]:
        with SyncClient(service.url) as client:
            kinds = [update.kind for update in client.run(DOCUMENT) if isinstance(update, Event)]
            job = client.submit(DOCUMENT, {"steps": 0})
            assert client.result(job.id) == {"image": f"of {job.id}"}
            assert client.job(job.id).state == client.wait(job.id).state == "done"
            for _ in client.follow(job.id):
                break
            with pytest.raises(Refused):
                client.job("nothing")
            return kinds

    assert (await asyncio.to_thread(talk))[-1] == "finished"


async def test_a_place_of_another_log_ends_in_one_resync(service: Service, client: Client) -> None:
    await client.submit(DOCUMENT, {"wait": True}, id="one")
    async with aclosing(client.events(since=3, epoch="another", live=False)) as updates:
        first = await asyncio.wait_for(anext(updates), 5)
        assert isinstance(first, Resync)
        assert [job.id for job in first.jobs] == ["one"]
        service.disconnect()
        await client.cancel("one")
        told = []
        while not told or told[-1].kind != "finished":
            update = await asyncio.wait_for(anext(updates), 5)
            assert isinstance(update, Event)
            told.append(update)
        assert [update.seq for update in told] == sorted({update.seq for update in told})


async def test_a_job_whose_events_are_forgotten_is_followed_by_a_resync(tmp_path: Path) -> None:
    service = Service(tmp_path / "data", limits=Limits(events=3))
    await service.start()
    async with Client(service.url) as client:
        for number in range(4):
            await client.submit(DOCUMENT, id=f"j{number}")
            await client.wait(f"j{number}")
        await service.store.queue.prune()
        await service.restart()
        updates = [update async for update in client.follow("j0")]
        assert [type(update) for update in updates] == [Resync]
        assert [(job.id, job.state) for job in updates[0].jobs] == [("j0", "done")]
        assert (await client.wait("j0")).over
    await service.stop()
