"""A job of a running service made again: what it left is the same, or told apart value by value."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Command
from documents import model_file
from servers import ServerProcess, document, link

from graphengine.client import SyncClient

NAME = "models:a.safetensors"


@pytest.fixture
def address(command: Command, tmp_path: Path) -> Iterator[str]:
    """A service of the plain packs, with one model."""
    del command  # it has set the surroundings
    model_file(tmp_path / "models" / "a.safetensors", 50)
    server = ServerProcess(tmp_path / "data")
    try:
        yield asyncio.run(server.start())
    finally:
        server.kill()


def made(address: str, **inputs: Any) -> str:
    """Let the service do a job, and return its id."""
    nodes = {
        "number": ["plain.number", {"value": 2}],
        "save": ["media.tinted", {"ink": NAME, "hue": 0}],
        "picture": ["media.picture", {"hue": 40}],
        "pass": ["plain.pass", {"value": link("number.value")}],
    }
    flow = document(
        nodes,
        inputs={"hue": {"to": ["save.hue"]}, "n": {"to": ["number.value"]}},
        outputs={"n": {"from": "pass.value"}},
    )
    with SyncClient(address) as client:
        job = client.submit(flow, inputs, targets=["save", "pass"])
        assert client.wait(job.id).state == "done"
        assert client.workflow(job.id)["nodes"] == flow["nodes"]
    return job.id


def told(command: Command, *arguments: Any) -> dict[str, Any]:
    done = command("replay", *arguments, "--json")
    data: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == (0 if data["status"] == "same" else 1), done.output
    return data


def test_a_job_is_made_again(command: Command, address: str, tmp_path: Path) -> None:
    job = made(address, hue=17, n=5)
    found = told(command, job, "--service", address, "--out", tmp_path / "again")
    assert (found["status"], found["differences"]) == ("same", [])
    files, values = found["results"][:2], found["results"][2:]
    assert [(each["task"], each["index"], each["identical"]) for each in files] == [
        ("save", 0, True),
        ("save", 1, True),
    ]
    assert [(each["name"], each["before"], each["now"]) for each in values] == [("n", 5, 5)]
    assert sorted(Path(each["made"]).parent for each in files) == [tmp_path / "again"] * 2
    lines = command("replay", job, "--service", address).stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["the same"] * 3
    model = tmp_path / "models" / "a.safetensors"
    model_file(model, 60)
    found = told(command, job, "--service", address)
    assert found["status"] == "different"
    assert [each["same"] for each in found["results"]] == [False, False, True]
    assert all(0 < each["differing"] <= each["values"] == 32 * 32 * 3 for each in found["results"][:2])
    assert [(each["kind"], each["name"]) for each in found["differences"]] == [("model", NAME)]
    for path in (tmp_path / "data" / "assets").rglob("*"):
        if path.is_file():
            path.unlink()
    found = told(command, job, "--service", address)
    assert [each["problem"] for each in found["results"]][:2] == [
        "its hash is another, and the service has the file no more"
    ] * 2
    model.unlink()
    done = command("replay", job, "--service", address)
    assert (done.exit_code, NAME in done.stderr) == (2, True), done.output


def test_what_is_no_job_that_was_done(command: Command, address: str) -> None:
    done = command("replay", "nobody", "--service", address)
    assert (done.exit_code, "cannot be replayed" in done.stderr) == (2, True), done.output
    with SyncClient(address) as client:
        slow = client.submit(document({"steps": ["plain.steps", {"count": 500, "pause": 0.02}]}), targets=["steps"])
        done = command("replay", slow.id, "--service", address)
        client.cancel(slow.id)
    assert (done.exit_code, "only what is done can be made again" in done.stderr) == (2, True), done.output


def test_a_service_that_is_not_there(command: Command, unused_tcp_port: int) -> None:
    done = command("replay", "job", "--service", f"http://127.0.0.1:{unused_tcp_port}")
    assert (done.exit_code, "cannot be asked" in done.stderr) == (2, True), done.output
