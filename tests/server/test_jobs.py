"""Jobs over HTTP: submitted once, run, looked at, cancelled, tried again."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from documents import model_file
from servers import Client, document, link, slow, three

from graphengine.plan.memory import Forecast
from graphengine.run.forecaster import Forecaster


async def test_a_job_is_run_and_has_its_result(client: Client) -> None:
    job = await client.submit(three(4), title="mine", tags=["a"])
    assert job["state"] == "queued"
    done = await client.ended(job["id"])
    assert (done["state"], done["title"], done["tags"]) == ("done", "mine", ["a"])
    assert done["result"]["outputs"]["end"] == {"task": "pass", "type": "Float", "value": 5.0}
    assert job["lock"] is None
    assert done["lock"]["nodes"] == {"plain.add": 1, "plain.number": 1, "plain.pass": 1}
    assert done["lock"]["graphengine"]


async def test_a_job_that_failed_says_what_it_ran_with_until_it_is_tried_again(client: Client) -> None:
    job = await client.submit(document({"fail": ["plain.fail", {"how": "bug"}]}))
    failed = await client.ended(job["id"])
    assert failed["state"] == "failed"
    assert failed["lock"]["nodes"] == {"plain.fail": 1}
    again = await client.ask("POST", f"/api/jobs/{job['id']}/retry", {})
    assert again.data["lock"] is None


async def test_inputs_and_targets_are_the_submitters(client: Client) -> None:
    job = await client.submit(three(), inputs={"value": 41}, targets=["add"])
    done = await client.ended(job["id"])
    assert done["inputs"] == {"value": 41}
    assert done["targets"] == ["add"]


async def test_an_id_means_one_job(client: Client) -> None:
    body = {"workflow": three(), "id": "mine"}
    replies = await asyncio.gather(*(client.ask("POST", "/api/jobs", body) for _ in range(100)))
    assert sorted({reply.status for reply in replies}) == [200, 201]
    assert [reply.status for reply in replies].count(201) == 1
    assert len((await client.get("/api/jobs"))["jobs"]) == 1
    other = await client.ask("POST", "/api/jobs", {"workflow": three(2), "id": "mine"})
    assert (other.status, other.data["code"]) == (409, "conflict")


async def test_every_problem_is_told_and_nothing_is_queued(client: Client) -> None:
    wrong = document({"a": ["plain.nummer", {}], "b": ["plain.add", {"a": "x", "c": 1}]})
    reply = await client.ask("POST", "/api/jobs", {"workflow": wrong})
    assert reply.status == 422
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert reply.data["code"] == "invalid_workflow"
    found = {(each["code"], each["node"], each["socket"]) for each in reply.data["problems"]}
    assert found == {("unknown_node_type", "a", None), ("unknown_input", "b", "c"), ("invalid_value", "b", "a")}
    assert (await client.get("/api/jobs"))["jobs"] == []


async def test_a_batch_is_many_jobs(client: Client) -> None:
    spread = {"mode": "product", "values": {"value": [1, 2, 3]}}
    batch = await client.submit(three(), id="many", batch=spread)
    assert batch["total"] == 3
    for index in range(3):
        done = await client.ended(f"many~{index}")
        assert done["result"]["outputs"]["end"]["value"] == index + 2
    assert (await client.get("/api/batches/many"))["ended"]


async def test_a_failing_node_fails_its_job(client: Client) -> None:
    job = await client.submit(
        document({"fail": ["plain.fail", {}], "show": ["plain.show", {"value": link("fail.value")}]})
    )
    failed = await client.ended(job["id"])
    assert failed["state"] == "failed"
    assert failed["failure"] == {
        "code": "node_error",
        "message": "there is no more",
        "hint": "Ask for less.",
        "exception": "NodeError",
        "transient": False,
    }
    again = await client.ask("POST", f"/api/jobs/{job['id']}/retry")
    assert again.status == 200
    assert (await client.ended(job["id"]))["attempt"] == 2


async def test_a_running_job_is_cancelled_and_no_other(client: Client) -> None:
    first = await client.submit(slow(30, 1))
    other = await client.submit(three(2))
    await client.state(first["id"], {"running"})
    asked = await client.ask("POST", f"/api/jobs/{first['id']}/cancel")
    assert asked.data["cancelling"]
    assert (await client.ended(first["id"], 2))["state"] == "cancelled"
    assert (await client.ended(other["id"]))["state"] == "done"


async def test_the_queue_is_paused_moved_and_resumed(client: Client) -> None:
    await client.ask("POST", "/api/queue/pause")
    ids = [(await client.submit(three(), id=f"j{index}"))["id"] for index in range(3)]
    assert (await client.ask("POST", "/api/jobs/j2/move", {"front": True})).status == 200
    upcoming = [job["id"] for job in (await client.get("/api/queue/upcoming"))["jobs"]]
    assert upcoming == ["j2", "j0", "j1"]
    assert (await client.ask("POST", "/api/jobs/j2/move", {})).status == 422
    assert (await client.ask("POST", "/api/jobs/j1/cancel")).data["state"] == "cancelled"
    assert (await client.get("/api/queue"))["paused"]
    await client.ask("POST", "/api/queue/resume")
    assert (await client.ended("j0"))["state"] == "done"
    assert (await client.ended(ids[2]))["state"] == "done"
    assert (await client.ask("DELETE", "/api/jobs/j0")).status == 204
    assert (await client.ask("GET", "/api/jobs/j0")).status == 404


async def test_lists_are_filtered_and_paged(client: Client) -> None:
    for index in range(5):
        await client.submit(three(index), id=f"j{index}", tags=["even"] if index % 2 == 0 else [])
    for index in range(5):
        await client.ended(f"j{index}")
    page = await client.get("/api/jobs?limit=2&order=oldest&state=done,failed")
    assert [job["id"] for job in page["jobs"]] == ["j0", "j1"]
    rest = await client.get(f"/api/jobs?limit=9&order=oldest&cursor={page['cursor']}")
    assert [job["id"] for job in rest["jobs"]] == ["j2", "j3", "j4"]
    assert {job["id"] for job in (await client.get("/api/jobs?text=even"))["jobs"]} == {"j0", "j2", "j4"}


async def test_a_file_is_a_result_by_what_it_holds(client: Client) -> None:
    write = document({"write": ["plain.write", {"text": "hello"}]}, title="note")
    done = await client.ended((await client.submit(write))["id"])
    (file,) = done["result"]["files"]
    digest = hashlib.sha256(b"hello").hexdigest()
    assert file == {"task": "write", "name": "note_00001.txt", "digest": digest, "media_type": "text/plain", "bytes": 5}
    reply = await client.ask("GET", f"/api/results/{digest}")
    assert reply.content == b"hello"
    part = await client.ask("GET", f"/api/results/{digest}", headers={"Range": "bytes=1-3"})
    assert (part.status, part.content) == (206, b"ell")


async def test_what_was_uploaded_is_an_input(client: Client) -> None:
    content = b"from afar"
    digest = hashlib.sha256(content).hexdigest()
    headers = {"Content-Type": "application/octet-stream"}
    for status in (201, 200):
        reply = await client.ask("PUT", f"/api/assets/{digest}", data=content, headers=headers)
        assert reply.status == status
    read = document(
        {"read": ["plain.read", {"file": reply.data["reference"]}]}, outputs={"text": {"from": "read.value"}}
    )
    done = await client.ended((await client.submit(read))["id"])
    assert done["result"]["outputs"]["text"]["value"] == "from afar"


async def test_a_plan_tells_problems_and_reasons(client: Client) -> None:
    reply = await client.ask("POST", "/api/plan", {"workflow": document({"a": ["plain.nummer", {}]})})
    assert not reply.data["valid"]
    (problem,) = reply.data["problems"]
    assert (problem["code"], problem["place"]) == ("unknown_node_type", "a")
    assert "plain.number" in problem["hint"]
    before = await client.ask("POST", "/api/plan", {"workflow": three()})
    assert {task["verdict"] for task in before.data["tasks"].values()} == {"runs"}
    await client.canary()
    after = await client.ask("POST", "/api/plan", {"workflow": three()})
    assert after.data["tasks"]["pass"]["verdict"] == "cached"


@pytest.mark.inside
async def test_a_plan_tells_of_the_memory_and_refuses_what_cannot_fit(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_file(tmp_path / "inputs" / "a.safetensors", 1_000_000)
    nodes = {
        "recipe": ["plain.recipe", {"file": "a.safetensors", "precision": "float32"}],
        "cook": ["plain.cook", {"recipe": link("recipe.recipe")}],
    }
    found = await client.ask("POST", "/api/plan", {"workflow": document(nodes)})
    assert found.data["tasks"]["cook"]["memory"]["weights"] == 4_000_000
    memory = found.data["memory"]
    assert (memory["fits"], memory["weights"], memory["there"]["model_bytes"]) == ("yes", 4_000_000, 8 * 2**30)
    assert memory["host"] >= 4_000_000
    monkeypatch.setattr(Forecaster, "forecast", tight(Forecaster.forecast))
    refused = await client.ask("POST", "/api/plan", {"workflow": document(nodes)})
    (problem,) = refused.data["problems"]
    assert (refused.data["valid"], problem["code"], problem["node"]) == (False, "does_not_fit", "cook")
    assert problem["hint"] == "With recipe.precision = 'float16' they take 2.0 MB."
    reply = await client.ask("POST", "/api/jobs", {"workflow": document(nodes)})
    assert (reply.status, reply.data["problems"][0]["code"]) == (422, "does_not_fit")
    nodes["recipe"][1]["precision"] = "float16"
    assert (await client.ask("POST", "/api/jobs", {"workflow": document(nodes)})).status == 201


def tight(forecast: Callable[[Forecaster], Forecast]) -> Callable[[Forecaster], Forecast]:
    """Let a machine have 3 MB."""

    def tightened(forecaster: Forecaster) -> Forecast:
        whole = forecast(forecaster)
        return replace(whole, machine=replace(whole.machine, device=None, host=3_000_000))

    return tightened


async def test_a_saved_workflow_is_run_by_its_name(client: Client) -> None:
    path = "/api/workflows/my%20flow"
    saved = await client.ask("PUT", path, {"workflow": three(1), "expected": 0})
    assert saved.data["version"] == 1
    assert (await client.ask("PUT", path, {"workflow": three(2), "expected": 0})).status == 409
    assert (await client.ask("PUT", path, {"workflow": three(2), "expected": 1})).data["version"] == 2
    assert (await client.get(f"{path}?version=1"))["document"] == three(1)
    assert [each["newest"]["name"] for each in (await client.get("/api/workflows"))["workflows"]] == ["my flow"]
    done = await client.ended((await client.submit("my flow"))["id"])
    assert done["result"]["outputs"]["end"]["value"] == 3.0
    assert (await client.ask("POST", "/api/jobs", {"workflow": "another"})).status == 404


@pytest.mark.parametrize("path", ["/api/nodes", "/api/schema", "/api/settings", "/api/cache", "/healthz", "/readyz"])
async def test_what_there_is_can_be_asked(client: Client, path: str) -> None:
    assert await client.get(path)
