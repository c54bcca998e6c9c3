"""What the pool of weights costs and saves: a model that is there, and one that is loaded ahead, in one run."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from figures import median
from tiny_models import PROMPT, as_file, make_pipeline

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.families.table import Checkpoint, open_checkpoint
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.quiet import quiet_libraries
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.refs import ModelRef

CPU = torch.device("cpu")
HITS = 1000
ROUNDS = 7
ELSEWHERE = 1.5  # seconds that a device of its own computes

Work = Callable[[ModelPool, ModelRef], object]


def make_checkpoint(folder: Path, seed: int) -> Checkpoint:
    """Save a model with few layers and 200 million weights in half precision, which become fp32 when loaded."""
    torch.manual_seed(seed)
    pipeline = make_pipeline(block_out_channels=(512, 1024), attention_head_dim=8, norm_num_groups=32)
    with torch.no_grad():
        next(pipeline.unet.parameters()).add_(seed)
    pipeline.to(torch.float16).save_pretrained(folder)
    return open_checkpoint(as_file(folder))


def two_models(models: list[ModelRef], work: Work, *, ahead: bool) -> float:
    """Seconds to work with one model and then with another, in a fresh pool."""
    pool = ModelPool(CPU)
    started = time.perf_counter()
    for index, model in enumerate(models):
        if ahead:
            pool.expect(models[index + 1 : index + 2])
        work(pool, model)
    seconds = time.perf_counter() - started
    pool.close()
    return seconds


def elsewhere(pool: ModelPool, model: ModelRef) -> None:
    """Use a model as if an accelerator did the work."""
    with pool.use(model):
        time.sleep(ELSEWHERE)


def compare(name: str, models: list[ModelRef], work: Work) -> None:
    pairs = [(two_models(models, work, ahead=False), two_models(models, work, ahead=True)) for _ in range(ROUNDS)]
    alone, ahead = (statistics.median(pair[which] for pair in pairs) for which in (0, 1))
    ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
    print(f"{name}: on demand {alone:.2f} s, the second loaded ahead {ahead:.2f} s, ahead / on demand {ratio:.3f}")


def main() -> None:
    quiet_libraries()
    with tempfile.TemporaryDirectory() as folder:
        checkpoints = [make_checkpoint(Path(folder) / str(seed), seed) for seed in (0, 1)]
        models = [checkpoint.model for checkpoint in checkpoints if checkpoint.model is not None]
        encoder, vae = checkpoints[0].text_encoder, checkpoints[0].vae
        assert encoder is not None
        assert vae is not None
        pool = ModelPool(CPU)
        prompt = encode_text(pool, encoder, PROMPT)

        def load() -> None:
            pool.clear()
            with pool.use(vae):
                pass

        def hit() -> None:
            for _ in range(HITS):
                with pool.use(vae):
                    pass

        def one_step(pool: ModelPool, model: ModelRef) -> None:
            sample(pool, model, prompt, prompt, empty_latent(model, 16, 16), settings=Sampling(seed=1, steps=1))

        print(f"\nweights: a tiny model is loaded in {median(load) * 1e3:.1f} ms, ", end="")
        print(f"and lent again in {median(hit) / HITS * 1e6:.1f} us")
        print(f"two models of 200 million weights one after the other, median of {ROUNDS} pairs")
        compare("one step each on the CPU", models, one_step)
        compare(f"{ELSEWHERE:g} s each on a device elsewhere", models, elsewhere)


if __name__ == "__main__":
    main()
