"""The exported model as a generator of pictures, for judging and for its card."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

from graphengine.diffusion.evaluation.fidelity import Generate
from graphengine.diffusion.evaluation.reader import Picture

STEPS = 20
GUIDANCE = 2.5


def load_pipeline(model: Path) -> StableDiffusionPipeline:
    """Load the exported model in fp32 on the CPU, without progress bars and without the network."""
    pipeline = StableDiffusionPipeline.from_pretrained(model, local_files_only=True, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def generator_of(
    pipeline: StableDiffusionPipeline, steps: int = STEPS, guidance: float = GUIDANCE, seed: int = 0
) -> Generate:
    """Return a function from prompts to pictures; a picture's noise depends on seed and prompt alone."""

    def generate(prompts: Sequence[str]) -> Sequence[Picture]:
        noise = [torch.Generator().manual_seed(_seed_of(prompt, seed)) for prompt in prompts]
        result = pipeline(
            list(prompts),
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=noise,
            output_type="np",
        )
        return [np.asarray((picture * 255).round(), np.uint8) for picture in result.images]

    return generate


def _seed_of(prompt: str, seed: int) -> int:
    """Return a number from a prompt's bytes and a seed, the same on every machine."""
    return int(np.random.SeedSequence([seed, *prompt.encode()]).generate_state(1, np.uint64)[0] >> 1)
