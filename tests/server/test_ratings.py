"""What people think of results, over HTTP."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from servers import Client, document, serving

from graphengine.app import Engine
from graphengine.server.access import add_token


async def made(client: Client, text: str, **more: Any) -> dict[str, str]:
    """Let a job write a file, and return how both are named."""
    submitted = await client.submit(document({"write": ["plain.write", {"text": text}]}, title=text), **more)
    (file,) = (await client.ended(submitted["id"]))["result"]["files"]
    return {"job": submitted["id"], "digest": file["digest"]}


async def test_stars_and_pairs_are_kept_listed_and_exported(client: Client) -> None:
    one, two = await made(client, "one"), await made(client, "=two")
    starred = await client.ask("PUT", "/api/ratings/stars", {**one, "stars": 4})
    assert (starred.status, starred.data["stars"], starred.data["first"]["title"]) == (200, 4, "one")
    await client.ask("PUT", "/api/ratings/stars", {**one, "stars": 5})
    pair = await client.ask("PUT", "/api/ratings/pairs", {"first": one, "second": two, "better": "second"})
    assert pair.status == 200
    better = pair.data[pair.data["better"]]
    assert better["digest"] == two["digest"]
    listed = (await client.get("/api/ratings"))["ratings"]
    assert [each["stars"] for each in listed] == [5, None]
    assert len((await client.get(f"/api/ratings?digest={two['digest']}"))["ratings"]) == 1
    assert len((await client.get(f"/api/ratings?after={listed[0]['number']}"))["ratings"]) == 1
    table = await client.ask("GET", "/api/ratings.csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.content.decode())))
    assert [(row["stars"], row["better"] != "") for row in rows] == [("5", False), ("", True)]
    assert json.loads(rows[0]["first_inputs"]) == {}
    assert {rows[1]["first_title"], rows[1]["second_title"]} == {
        "one",
        "'=two",
    }  # no spreadsheet takes it for a formula
    assert (await client.ask("DELETE", f"/api/ratings/given/{listed[0]['number']}")).status == 204
    assert [each["stars"] for each in (await client.get("/api/ratings"))["ratings"]] == [None]
    await client.canary()


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        ("stars", {"stars": 6}, 400),
        ("stars", {"stars": 0}, 400),
        ("stars", {"stars": "5"}, 400),
        ("stars", {"digest": "0" * 64}, 422),
        ("stars", {"digest": "../etc"}, 400),
        ("stars", {"job": "nothing"}, 404),
        ("stars", {"more": 1}, 400),
        ("pairs", {"better": "third"}, 400),
        ("pairs", {"second": None}, 400),
        ("pairs", {}, 422),  # with itself
    ],
)
async def test_a_wrong_rating_is_refused(client: Client, path: str, change: dict[str, Any], status: int) -> None:
    one = await made(client, "one")
    body = {"stars": {**one, "stars": 3}, "pairs": {"first": one, "second": one, "better": "first"}}[path]
    assert (await client.ask("PUT", f"/api/ratings/{path}", body | change)).status == status
    assert (await client.get("/api/ratings"))["ratings"] == []
    await client.canary()


@pytest.mark.parametrize("number", ["none", "0", "-1", "9" * 40, "1.0"])
async def test_a_rating_that_is_not_there_is_not_forgotten(client: Client, number: str) -> None:
    assert (await client.ask("DELETE", f"/api/ratings/given/{number}")).status == 404


async def test_each_sees_their_own_and_an_admin_all(engine: Engine, data_dir: Path) -> None:
    secrets = {name: add_token(data_dir, name, scope) for name, scope in (("ann", "submit"), ("eve", "admin"))}
    async with serving(engine, data_dir) as client:
        as_ = {name: {"Authorization": f"Bearer {secret}"} for name, secret in secrets.items()}
        body = {"workflow": document({"write": ["plain.write", {"text": "x"}]}), "id": "x"}
        await client.ask("POST", "/api/jobs", body, headers=as_["ann"])
        while (done := await client.ask("GET", "/api/jobs/x", headers=as_["ann"])).data["state"] != "done":
            pass
        rated = {"job": "x", "digest": done.data["result"]["files"][0]["digest"]}
        for name, stars in (("ann", 2), ("eve", 5)):
            sent = await client.ask("PUT", "/api/ratings/stars", {**rated, "stars": stars}, headers=as_[name])
            assert sent.data["owner"] == name
        seen = {name: await client.ask("GET", "/api/ratings", headers=as_[name]) for name in secrets}
        assert [each["stars"] for each in seen["ann"].data["ratings"]] == [2]
        assert [each["stars"] for each in seen["eve"].data["ratings"]] == [2, 5]
        own = await client.ask("GET", "/api/ratings?own=true", headers=as_["eve"])
        assert [each["stars"] for each in own.data["ratings"]] == [5]
        other = seen["eve"].data["ratings"][1]["number"]
        assert (await client.ask("DELETE", f"/api/ratings/given/{other}", headers=as_["ann"])).status == 404
