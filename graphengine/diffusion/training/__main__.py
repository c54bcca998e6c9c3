"""The recipe's command line: `python -m graphengine.diffusion.training {vae,denoiser,export,layout,judge}`.

Each stage may be interrupted at any time and continues when it is called again.
"""

import argparse
import logging
import math
from pathlib import Path

import torch

from graphengine.diffusion.training.card import write_card
from graphengine.diffusion.training.export import export
from graphengine.diffusion.training.layout import put_layout, train_layout
from graphengine.diffusion.training.loop import Pace, Stop
from graphengine.diffusion.training.stages import Recipe, TrainingFolder, train_autoencoder, train_denoiser

EMBEDDED = Path(__file__).parents[1] / "embedded" / "shapes-128"
"""Where the embedded model lives."""

SEEDS = {"vae": 0, "denoiser": 0, "layout": 1}
"""Other pictures in the last stage than in those before."""

RECIPE = Recipe()
RATES = {"vae": 2e-3, "denoiser": 1e-3, "layout": 8e-4}
STEPS = {"vae": 9_600, "denoiser": 8_600, "layout": 5_000}


def main() -> None:
    """Run one stage."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(arguments.threads)
    folder, device = TrainingFolder(arguments.dir), torch.device(arguments.device)
    stop = Stop(seconds=arguments.minutes * 60)
    match arguments.stage:
        case "vae":
            train_autoencoder(folder, RECIPE, _pace(arguments), stop, device)
        case "denoiser":
            train_denoiser(folder, RECIPE, arguments.pictures, _pace(arguments), stop, device)
        case "export":
            export(folder, RECIPE, arguments.out)
        case "layout":
            pace = _pace(arguments)
            train_layout(folder, RECIPE.denoiser, arguments.out, arguments.pictures, pace, stop, device)
            put_layout(folder, arguments.out)
        case "judge":
            write_card(folder, RECIPE, arguments.machine, arguments.out)


def _pace(arguments: argparse.Namespace) -> Pace:
    """Return the stage's pace; a number of steps that was given replaces the recipe's."""
    return Pace(arguments.steps or STEPS[arguments.stage], RATES[arguments.stage], seed=SEEDS[arguments.stage])


def _parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    parser = argparse.ArgumentParser(prog="python -m graphengine.diffusion.training", description=__doc__)
    parser.add_argument("stage", choices=("vae", "denoiser", "export", "layout", "judge"))
    parser.add_argument("--dir", type=Path, default=Path("training"), help="folder of checkpoints and caches")
    parser.add_argument("--out", type=Path, default=EMBEDDED, help="folder of the exported model")
    parser.add_argument("--steps", type=int, help="length of the schedule (default: the recipe's)")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so long, to be continued")
    parser.add_argument("--pictures", type=int, default=20_000, help="training pictures of the denoiser")
    parser.add_argument("--device", default="cpu", help="where to train, for example cuda")
    parser.add_argument("--threads", type=int, default=1, help="threads of one operation on the CPU")
    parser.add_argument("--machine", default="a CPU", help="what it was trained on, for the card")
    return parser


if __name__ == "__main__":
    main()
