"""The websocket of the whole service, and the client over it: a real engine runs what is asked for."""

from pathlib import Path

import aiohttp
import pytest
from servers import Client as Asking
from servers import serving, slow, three

from graphengine.app import Engine
from graphengine.client import Client, Disconnected, Refused
from graphengine.server.access import add_token
from graphengine.server.messages import Event, Progress
from graphengine.server.problems import problem_of


async def test_a_job_is_submitted_followed_and_its_result_fetched(client: Asking) -> None:
    async with Client(client.address) as graph:
        kinds = [update.kind async for update in graph.run(three(), value=4) if isinstance(update, Event)]
        (job,) = await graph.jobs()
        assert (await graph.result(job.id))["outputs"]["end"]["value"] == 5.0
    assert kinds[:2] == ["queued", "started"]
    assert kinds[-1] == "finished"
    assert kinds.count("task_started") == kinds.count("task_finished") == 3


async def test_progress_of_a_real_node_comes_live(client: Asking) -> None:
    async with Client(client.address) as graph:
        updates = [update async for update in graph.run(slow(1.0))]
    progress = [update for update in updates if isinstance(update, Progress)]
    assert 2 <= len(progress) <= 25, "at most twenty in a second"


async def test_what_is_wrong_with_a_workflow_is_said_before_it_is_queued(client: Asking) -> None:
    wrong = three()
    wrong["nodes"]["add"]["inputs"]["c"] = 1
    async with Client(client.address) as graph:
        with pytest.raises(Refused) as refused:
            await graph.submit(wrong)
        assert await graph.jobs() == []
    assert refused.value.code == "invalid_workflow"
    assert refused.value.problems[0].code == "unknown_input"


async def test_a_running_job_is_cancelled(client: Asking) -> None:
    async with Client(client.address) as graph:
        job = await graph.submit(slow(20))
        await graph.cancel(job.id)
        assert (await graph.wait(job.id)).state == "cancelled"


async def test_strangers_and_readers_may_not(engine: Engine, data_dir: Path) -> None:
    reader = add_token(data_dir, "reader", "read")
    ann, bob = (add_token(data_dir, name, "submit") for name in ("ann", "bob"))
    async with serving(engine, data_dir) as served:
        with pytest.raises(Disconnected, match="does not let this client in"):
            async with Client(served.address, patience=1) as graph:
                await graph.jobs()
        async with Client(served.address, reader) as graph:
            with pytest.raises(Refused, match="permission to submit"):
                await graph.submit(three())
        async with Client(served.address, ann) as graph:
            job = await graph.submit(slow(20))
        async with Client(served.address, bob) as graph:
            with pytest.raises(Refused, match="somebody else's"):
                await graph.cancel(job.id)
        async with Client(served.address, ann) as graph:
            await graph.cancel(job.id)


async def test_whoever_speaks_json_fetches_previews_at_their_address(client: Asking) -> None:
    assert (await client.ask("GET", "/api/jobs/none/previews/sample")).status == 404


def test_a_client_that_left_amid_the_upgrade_is_no_incident(caplog: pytest.LogCaptureFixture) -> None:
    assert problem_of(aiohttp.ClientConnectionResetError("Cannot write to closing transport")).status == 400
    assert caplog.records == []
    for ours in (ValueError("a fault of ours"), ConnectionResetError("a worker's pipe")):
        assert problem_of(ours).status == 500
    assert len(caplog.records) == 2
