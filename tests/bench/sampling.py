"""What a picture costs through the engine, beside the bare diffusers pipeline doing the same work, in one run."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

from graphengine.app import Engine, load_settings
from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.families.table import open_checkpoint
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.quiet import quiet_libraries
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.files.roots import File
from graphengine.node.context import RunInfo
from graphengine.plan.plan import Plan
from graphengine.run.cache.checkpoints import CheckpointFolder, StoredCheckpoints
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.cache.memory import MemoryTier
from graphengine.run.runner import Run, RunOptions
from graphengine.types.codec import Encoded
from graphengine.workflow.load import load_workflow
from graphengine.workflow.parameters import with_parameters
from nodes import EMBEDDED

WORKFLOW = Path(__file__).parents[2] / "workflows" / "text-to-image.json"
ROUNDS = 15
STEPS = 20
BATCH = 4


def bare_pipeline() -> Callable[[], object]:
    """The pipeline as one would use it from a script, with the same solver."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        EMBEDDED / "shapes-128", dtype=torch.float32, local_files_only=True
    )
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)

    def run() -> object:
        return pipeline(
            ["a red circle on a blue background"] * BATCH,
            negative_prompt=[""] * BATCH,
            num_inference_steps=STEPS,
            guidance_scale=2.5,
            generator=[torch.Generator().manual_seed(7 + index) for index in range(BATCH)],
            output_type="pt",
        )

    return run


def through_the_engine() -> Callable[[], object]:
    """The whole of it: plan, state machine, threads, events with progress; nothing from the cache."""
    engine = Engine(load_settings())
    values = {"steps": STEPS, "cfg": 2.5, "canvas.batch": BATCH}
    document = with_parameters(load_workflow(WORKFLOW), values)
    plan: Plan = engine.plan(engine.resolve(document), ["decode"])

    async def go() -> None:
        options = RunOptions(engine.lanes, Path(tempfile.gettempdir()))
        events: list[object] = []
        cache = SingleFlight(MemoryTier(0))
        run = Run(plan, RunInfo("bench", "", {}), engine.executor, cache, options, events.append)
        assert (await run.result()).status == "done"

    return lambda: asyncio.run(go())


def share_of_checkpoints(pause: float, steps: int) -> tuple[float, float]:
    """The share of a sampling that goes into its checkpoints, all it is asked for included, and the seconds of it."""
    spent = 0.0

    class Timed(StoredCheckpoints):
        def offer(self, make: Callable[[], Encoded | None]) -> None:
            nonlocal spent
            began = time.perf_counter()
            super().offer(make)
            spent += time.perf_counter() - began

    parts = open_checkpoint(File("shapes", EMBEDDED / "shapes-128", ""))
    assert parts.model is not None
    assert parts.text_encoder is not None
    pool = ModelPool(torch.device("cpu"))
    texts = [encode_text(pool, parts.text_encoder, text) for text in ("a red circle", "")]
    with tempfile.TemporaryDirectory() as folder:
        keeper = Timed(CheckpointFolder(Path(folder), 2**30, pause), "ab" * 20)
        latent, settings = empty_latent(parts.model, 128, 128, BATCH), Sampling(7, steps, 2.5, "dpmpp_2m")
        began = time.perf_counter()
        sample(pool, parts.model, *texts, latent, settings=settings, keeper=keeper)
        seconds = time.perf_counter() - began
    return spent / seconds, seconds


def cost(act: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    quiet_libraries()
    pipeline, engine = bare_pipeline(), through_the_engine()
    pipeline()
    engine()
    pairs = [(cost(pipeline), cost(engine)) for _ in range(ROUNDS)]
    print(f"\ntext to image, {STEPS} steps, batch of {BATCH}, embedded model, median of {ROUNDS} pairs")
    for index, clock in enumerate(("wall", "processor")):
        theirs, ours = (statistics.median(pair[who][index] for pair in pairs) for who in (0, 1))
        ratio = statistics.median(pair[1][index] / pair[0][index] for pair in pairs)
        print(f"{clock:9} diffusers pipeline {theirs:.3f} s, engine {ours:.3f} s, engine / pipeline {ratio:.3f}")
    for pause in (10.0, 1.0):
        share, seconds = share_of_checkpoints(pause, steps=300)
        print(f"checkpoints every {pause:g} s of {seconds:.1f} s of sampling take {share:.4%} of it")
