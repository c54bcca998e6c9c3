"""The queue over HTTP: R16 (the same thing often), R17 (order and fairness), R18 (too much)."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from faults import TRIALS, Figure, canary, served
from servers import three

from graphengine.server.access import add_token

OFTEN = 1_000
USERS = (1, 2, 3, 7) if TRIALS >= 50 else (3,)


async def test_a_thousand_posts_of_one_id_are_one_job(data_dir: Path, figure: Figure) -> None:
    async with served(data_dir) as (_, client):

        async def post(id_: str, value: float) -> int:
            return (await client.ask("POST", "/api/jobs", {"workflow": three(value), "id": id_})).status

        statuses = Counter(await asyncio.gather(*(post("one", 1) for _ in range(OFTEN))))
        assert statuses == {201: 1, 200: OFTEN - 1}
        assert await post("one", 2) == 409
        mixed = Counter(await asyncio.gather(*(post("two", index % 2) for index in range(OFTEN))))
        assert mixed == {201: 1, 200: OFTEN // 2 - 1, 409: OFTEN // 2}
        assert [(await client.ended(id_))["attempt"] for id_ in ("one", "two")] == [1, 1]
        assert len((await client.get("/api/jobs"))["jobs"]) == 2
        await canary(client)
    figure(
        f"R16 (HTTP): {OFTEN:,} posts of one id at once: 1 job; another body: 409, {OFTEN // 2} of {OFTEN // 2} times"
    )


@pytest.mark.parametrize("users", USERS)
async def test_users_share_and_each_is_served_in_order(data_dir: Path, figure: Figure, users: int) -> None:
    names = [f"user{user}" for user in range(users)]
    bearers = {name: {"Authorization": f"Bearer {add_token(data_dir, name, 'admin')}"} for name in names}
    async with served(data_dir, GRAPHENGINE_JOBS_AT_ONCE="1") as (_, client):
        await client.ask("POST", "/api/queue/pause", headers=bearers["user0"])
        asked: dict[str, list[str]] = {}
        for user, name in enumerate(names):  # the first one floods the queue
            asked[name] = [f"{name}-{index}" for index in range(100 if user == 0 else 100 // users + 1)]
            for id_ in asked[name]:
                body = {"workflow": three(), "id": id_}
                assert (await client.ask("POST", "/api/jobs", body, headers=bearers[name])).status == 201
        await client.ask("POST", "/api/queue/resume", headers=bearers["user0"])
        async with asyncio.timeout(60):
            while (await client.get("/api/queue", headers=bearers["user0"]))["counts"].get("done", 0) < 100:
                await asyncio.sleep(0.05)
        found = (await client.get("/api/jobs?limit=1000&state=done", headers=bearers["user0"]))["jobs"]
    order = [job["id"] for job in sorted(found, key=lambda job: job["started"])][:100]
    for name in names:
        mine = [id_ for id_ in order if id_.startswith(f"{name}-")]
        assert mine == asked[name][: len(mine)], "first come, first served"
        assert len(mine) >= 100 // users - 1
    least = min(Counter(id_.partition("-")[0] for id_ in order).values())
    figure(f"R17 (HTTP): {users} users, 100 jobs: each at least {least} (promised {100 // users - 1}), FIFO for each")


async def test_one_job_more_than_ten_thousand_is_refused(data_dir: Path, figure: Figure) -> None:
    async with served(data_dir) as (_, client):
        await client.ask("POST", "/api/queue/pause")
        for number in range(10):
            spread = {"mode": "zip", "values": {"value": list(range(1_000))}}
            assert (await client.submit(three(), id=f"batch{number}", batch=spread))["total"] == 1_000
        for _ in range(3):
            reply = await client.ask("POST", "/api/jobs", {"workflow": three(), "id": "more"})
            assert (reply.status, reply.data["code"]) == (429, "queue_full")
            assert int(reply.headers["Retry-After"]) >= 1
        assert (await client.get("/api/queue"))["counts"]["queued"] == 10_000
        assert (await client.ask("GET", "/api/jobs/more")).status == 404
        assert (await client.ask("POST", "/api/jobs/batch0~0/cancel")).data["state"] == "cancelled"
        assert (await client.ask("POST", "/api/jobs", {"workflow": three(), "id": "more"})).status == 201
    figure(f"R18 (HTTP): job 10,001 is refused with 429, Retry-After {reply.headers['Retry-After']}")
