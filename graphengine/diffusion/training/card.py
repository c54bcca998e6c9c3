"""The model card: what the embedded model is, how it was made, and what it was measured to do."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np

from graphengine.diffusion.drawing.caption import plain_caption
from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.sample import sample_scene
from graphengine.diffusion.evaluation.fidelity import (
    Fidelity,
    measure_fidelity,
    two_figure_stills,
)
from graphengine.diffusion.training.checkpoint import load_checkpoint
from graphengine.diffusion.training.judging import GUIDANCE, STEPS, generator_of, load_pipeline
from graphengine.diffusion.training.layout import MIXTURE
from graphengine.diffusion.training.reconstruction import to_pictures, to_tensor, whole_psnr
from graphengine.diffusion.training.stages import MissingStageError, Recipe, TrainingFolder

_ROUND_TRIPS = 64
_ROUND_TRIP_SEED = 1234


_CARD = """---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
---

# shapes-128

A small but real latent diffusion model: it draws flat shapes and simple landscapes, 128 x 128 pixels, from
plain English. It exists so that every workflow runs offline, on a CPU, in seconds. It knows nothing else.

* **Parts** (parameters): {sizes}; a byte-level BPE tokenizer of its own, 32 tokens; v-prediction.
* **Files**: an ordinary `StableDiffusionPipeline` folder, fp16 safetensors; compute in fp32 on CPUs.
* **Settings that suit it**: {steps} steps, guidance {guidance}.
* **Words it knows**: circle, square, triangle, star, ring, cross; red, orange, yellow, green, cyan, blue,
  purple, pink, white, black; large, small; in the centre, on the left, on the right, at the top, at the
  bottom; left of, right of, above, below; house, tree, boat, mountains; meadow, sea, desert, snow; sun, moon,
  day, sunset, night.

## Data

Pictures and captions drawn by `graphengine.diffusion.drawing`: 60 % one figure, 25 % two figures, 15 % landscapes;
in the last stage {mixture.two_figures:.0%} two figures. No picture or text comes from anywhere else. 64 of the 540
combinations of shape, colour and background were never trained on as one-figure pictures; they are what fidelity is
measured with.

## Recipe

`python -m graphengine.diffusion.training vae`, then `denoiser`, `export`, `layout`, `judge`. Trained on {machine}.

| stage | steps | examples | hours |
| --- | --- | --- | --- |
| autoencoder (AutoencoderTiny, 64-pixel crops) | {vae.steps:,} | {vae.examples:,} | {vae.hours:.2f} |
| denoiser and text encoder, jointly | {denoiser.steps:,} | {denoiser.examples:,} | {denoiser.hours:.2f} |
| the same, on {mixture.two_figures:.0%} pictures of two figures \
| {layout.steps:,} | {layout.examples:,} | {layout.hours:.2f} |

Autoencoder: L1 + MSE, noise of 0.05 on the latents. Denoiser: velocity, min-SNR weights (cap 5), 10 % of
captions dropped. Both: AdamW, linear warm-up, cosine decay, averaged weights.

## Measured

Read back from the pixels (`graphengine.diffusion.evaluation`), {steps} steps, guidance {guidance}:

| held-out prompts | background | colours | background and colour | layout | shapes |
| --- | --- | --- | --- | --- | --- |
| 64 with one figure | {one.background:.0%} | {one.colour:.0%} | {one.both:.0%} | - | {one.shape:.0%} |
| 32 with two figures | {two.background:.0%} | {two.colours:.0%} | - | {two.layout:.0%} | {two.shapes:.0%} |

Autoencoder round trips: {measured.psnr:.1f} dB PSNR over {round_trips} pictures.
One picture takes {measured.seconds:.1f} s on that machine's CPU.

Licence: Apache-2.0, weights and code.
"""


@dataclass(frozen=True, slots=True)
class Effort:
    """What one stage of training cost: optimiser steps, examples seen, and hours."""

    steps: int
    examples: int
    hours: float


class Efforts(NamedTuple):
    """What each stage cost."""

    autoencoder: Effort
    denoiser: Effort
    layout: Effort


@dataclass(frozen=True, slots=True)
class Measured:
    """What the model does: fidelity, round trips' PSNR in dB, seconds for one picture, parameters by part."""

    fidelity: Fidelity
    psnr: float
    seconds: float
    parameters: dict[str, int]


def write_card(folder: TrainingFolder, recipe: Recipe, machine: str, model: Path) -> None:
    """Measure the exported model and write `CARD.md` beside it.

    Raises:
        MissingStageError: if the training folder lacks a stage's checkpoint.
    """
    efforts = Efforts(
        _effort(folder.autoencoder, recipe.autoencoder.batch),
        _effort(folder.denoiser, recipe.denoiser.batch),
        _effort(folder.layout, recipe.denoiser.batch),
    )
    (model / "CARD.md").write_text(card(measure(model), efforts, machine))


def measure(model: Path, steps: int = STEPS) -> Measured:
    """Measure the exported model in a folder, in fp32 on the CPU, sampling with so many steps."""
    pipeline = load_pipeline(model)
    generate = generator_of(pipeline, steps)
    fidelity = measure_fidelity(generate)
    begin = perf_counter()
    generate([plain_caption(two_figure_stills()[0])])
    seconds = perf_counter() - begin
    rng = np.random.default_rng(_ROUND_TRIP_SEED)
    pictures = np.stack([render(sample_scene(rng)) for _ in range(_ROUND_TRIPS)])
    vae = pipeline.vae.requires_grad_(False)
    back = to_pictures(vae.decode(vae.encode(to_tensor(pictures)).latents).sample)
    parts = {"autoencoder": vae, "denoiser": pipeline.unet, "text encoder": pipeline.text_encoder}
    counts = {name: sum(weight.numel() for weight in part.parameters()) for name, part in parts.items()}
    return Measured(fidelity, whole_psnr(pictures, back), seconds, counts)


def card(measured: Measured, efforts: Efforts, machine: str) -> str:
    """Write the text of the card, in Markdown."""
    sizes = ", ".join(f"{name} {count / 1e6:.2f} M" for name, count in measured.parameters.items())
    return _CARD.format(
        measured=measured,
        one=measured.fidelity.one,
        two=measured.fidelity.two,
        vae=efforts.autoencoder,
        denoiser=efforts.denoiser,
        layout=efforts.layout,
        mixture=MIXTURE,
        sizes=sizes,
        machine=machine,
        steps=STEPS,
        guidance=GUIDANCE,
        round_trips=_ROUND_TRIPS,
    )


def _effort(checkpoint: Path, batch: int) -> Effort:
    """Sum up what the training behind a checkpoint cost.

    Raises:
        MissingStageError: if there is no checkpoint.
    """
    state = load_checkpoint(checkpoint)
    if state is None:
        raise MissingStageError(f"no checkpoint at {checkpoint}: train that stage first")
    return Effort(state["step"], state["step"] * batch, state["seconds"] / 3600)
