"""What calls made together gain: jobs that differ in prompt and seed, coalesced and one by one, in the same process."""

import asyncio
import statistics
import time
from pathlib import Path

import torch

from graphengine.app import Engine, load_settings
from graphengine.diffusion.quiet import quiet_libraries
from graphengine.plan.plan import Plan
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.cache.memory import MemoryTier
from graphengine.run.runner import RunResult
from graphengine.workflow.load import load_workflow
from graphengine.workflow.parameters import with_parameters

WORKFLOW = Path(__file__).parents[2] / "workflows" / "text-to-image.json"
PROMPTS = (
    "a red circle on a blue background",
    "a green star on a white background",
    "two yellow squares on a black background",
    "a house on a meadow under a blue sky",
)
ROUNDS = 7


class Jobs:
    """Four jobs at once on one engine, nothing from the cache."""

    def __init__(self, *, coalesce: bool) -> None:
        self.engine = Engine(load_settings(coalesce=coalesce, disk_cache_bytes=0))
        self.plans = [self._plan(prompt, seed) for seed, prompt in enumerate(PROMPTS)]

    def _plan(self, prompt: str, seed: int) -> Plan:
        self.document = with_parameters(load_workflow(WORKFLOW), {"prompt": prompt, "seed": seed})
        outputs = {"latent": {"from": "sample.latent"}, "image": {"from": "decode.image"}}
        document = type(self.document).model_validate({**self.document.to_json(), "outputs": outputs})
        return self.engine.plan(self.engine.resolve(document), ["decode", "sample"])

    async def run(self) -> list[RunResult]:
        vars(self.engine)["flights"] = SingleFlight(MemoryTier(0))
        runs = [self.engine.start(self.document, plan, Path("unused"), lambda _: None) for plan in self.plans]
        return list(await asyncio.gather(*(run.result() for run in runs)))

    def timed(self) -> tuple[float, list[RunResult]]:
        started = time.perf_counter()
        results = asyncio.run(self.run())
        return time.perf_counter() - started, results


def difference(one: RunResult, other: RunResult) -> float:
    """The largest relative difference of the latents and of the pictures, by their norms."""
    pairs = [
        (one.outputs["latent"].samples, other.outputs["latent"].samples),
        (one.outputs["image"].pixels, other.outputs["image"].pixels),
    ]
    return max(float(torch.linalg.vector_norm(a - b) / torch.linalg.vector_norm(a)) for a, b in pairs)


def main() -> None:
    quiet_libraries()
    apart, together = Jobs(coalesce=False), Jobs(coalesce=True)
    (_, expected), (_, found) = apart.timed(), together.timed()
    worst = max(difference(one, other) for one, other in zip(expected, found, strict=True))
    pairs = [(apart.timed()[0], together.timed()[0]) for _ in range(ROUNDS)]
    alone, joint = (statistics.median(pair[who] for pair in pairs) for who in (0, 1))
    gain = statistics.median(one / other for one, other in pairs)
    print(f"\n{len(PROMPTS)} jobs at once, embedded model, {torch.get_num_threads()} threads, median of {ROUNDS} pairs")
    print(f"one by one {alone:.3f} s, together {joint:.3f} s, gain {gain:.2f}, relative difference {worst:.1e}")
    print(f"calls made together: {[dict(each.together) for each in found]}")
    for each in (apart, together):
        each.engine.close()


if __name__ == "__main__":
    main()
