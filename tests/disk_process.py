"""A process of its own that uses a cache folder: ``disk_process.py (share|fill) FOLDER NUMBER``."""

import asyncio
import random
import sys
from pathlib import Path

import plain_pack
from tiers import LONG, ask, disk_tier, key, result, shown

from graphengine.node.registry import Registry


async def share(folder: Path, number: int) -> None:
    """Put and get what others put and get at the same time, within a budget that holds a fraction of it."""
    registry = Registry((plain_pack.PACK,))
    tier = disk_tier(registry, folder, 100_000)
    chance = random.Random(number)
    hits = 0
    for step in range(1_500):
        index = chance.randrange(40)
        found = await ask(tier, key(index))
        hits += found is not None
        if found is None:
            tier.put(key(index), result(registry, index), LONG)
        elif found != shown(result(registry, index)):
            raise AssertionError(f"step {step}: a wrong result")
        if step % 50 == 0:
            await tier.drain()
    tier.close()
    print(hits)


async def fill(folder: Path, number: int) -> None:
    """Write until killed."""
    registry = Registry((plain_pack.PACK,))
    tier = disk_tier(registry, folder)
    for index in range(number, number + 10**6):
        tier.put(key(index), result(registry, index, 2_000_000), LONG)
        await tier.drain()
        print(index, flush=True)


if __name__ == "__main__":
    act = {"share": share, "fill": fill}[sys.argv[1]]
    asyncio.run(act(Path(sys.argv[2]), int(sys.argv[3])))
