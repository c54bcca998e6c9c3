"""How a server ends, and who may begin: R13 (told to end), R20 (one writer per folder).

At 50 trials it is told to end 50 times, and a second server is refused 10 times.
"""

import asyncio
import random
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path

import aiohttp
from faults import TRIALS, Figure, begun, bound, canary, fresh, served
from servers import Client, ServerProcess, slow

# ------------------------------------------------------------------ R13: told to end


async def flood(client: Client, prefix: str) -> tuple[list[str], Counter[int]]:
    """Submit until the server is gone; return what it has taken, and what it has said."""
    taken: list[str] = []
    said: Counter[int] = Counter()
    with suppress(aiohttp.ClientConnectionError):
        while True:
            id_ = f"{prefix}-{said.total()}"
            reply = await client.ask("POST", "/api/jobs", {"workflow": fresh(), "id": id_})
            said[reply.status] += 1
            if reply.status == 201:
                taken.append(id_)
            else:
                assert (reply.status, reply.data["code"]) == (503, "closing")
            await asyncio.sleep(0.02)
    return taken, said


async def test_told_to_end_it_takes_nothing_more_and_loses_nothing(data_dir: Path, figure: Figure) -> None:
    """The job that runs is short, and ends within the grace of 1 s, or it is long, and goes back into the queue."""
    chance, said, ended = random.Random(13), Counter[int](), Counter[str]()
    async with served(data_dir) as (server, first):
        client = first
        for trial in range(TRIALS):
            long = trial % 2 == 1
            running = (await client.submit(slow(3 if long else 0.4, trial), id=f"running{trial}"))["id"]
            await client.state(running, {"running"})
            flooding = asyncio.create_task(flood(client, f"flood{trial}"))
            await asyncio.sleep(chance.uniform(0, 0.3))
            assert await server.stop(signal.SIGINT if trial % 5 == 4 else signal.SIGTERM) == 0
            taken, heard = await flooding
            said += heard
            client = await begun(server, client.session)
            job = await client.ended(running)
            ended["put back" if job["attempt"] == 2 else "finished"] += 1
            assert (job["state"], job["attempt"]) in ({("done", 2)} if long else {("done", 1), ("done", 2)})
            for id_ in taken:
                assert (await client.ended(id_))["state"] == "done"
        await canary(client)
    assert said[503] > 0
    figure(
        f"R13: told to end {TRIALS} times: exit 0; of the running jobs {ended['finished']} finished and "
        f"{ended['put back']} were put back; {said[201]} jobs taken, none lost, {said[503]} refused with 503; "
        f"{bound(TRIALS)}"
    )


# ------------------------------------------------------------------ R20: one writer per folder


async def test_a_second_server_of_a_folder_says_why_and_ends(data_dir: Path, figure: Figure) -> None:
    trials = max(1, TRIALS // 5)
    async with served(data_dir) as (first, client):
        for _ in range(trials):
            second = ServerProcess(data_dir)
            try:
                await second.start()
            except AssertionError as told:
                words = str(told)
            finally:
                second.kill()
            lines = words.removeprefix("it did not start: ").strip().splitlines()
            assert len(lines) <= 2, "what is wrong, and what to do"
            assert f"in use by process {first.process.pid}" in lines[0]
            assert second.process.returncode not in {0, None}
            await canary(client)
    figure(f"R20: a second server was refused {trials} of {trials} times, with: {lines[0].replace(str(data_dir), '…')}")
