"""Training can be stopped anywhere: a resumed run gives, bit for bit, the weights of an undisturbed one."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from graphengine.diffusion.training import checkpoint
from graphengine.diffusion.training.autoencoder import (
    AutoencoderRecipe,
    autoencoder_task,
)
from graphengine.diffusion.training.checkpoint import FileKeeper
from graphengine.diffusion.training.denoiser import (
    DenoiserRecipe,
    DenoiserTask,
    build_scheduler,
)
from graphengine.diffusion.training.ema import MovingAverage
from graphengine.diffusion.training.latents import LatentCache, load_latents, scene_at
from graphengine.diffusion.training.loop import Pace, Stop, Task, Trainer
from graphengine.diffusion.training.objective import Objective
from graphengine.diffusion.training.reconstruction import to_pictures, to_tensor, whole_psnr
from graphengine.diffusion.training.tokenizer import MAX_TOKENS, train_tokenizer

pytestmark = pytest.mark.torch

CPU = torch.device("cpu")
TINY_VAE = AutoencoderRecipe(width=8, blocks=(1, 1, 1, 1), size=32, crop=16, batch=2, bf16=False)
TINY_DENOISER = DenoiserRecipe((16, 16, 16), heads=2, text_width=16, text_layers=1, size=32, batch=4, control=4)
CAPTIONS = ["a red circle on a blue background", "a green star left of a white ring on black"]


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """Sums over several threads may differ in their last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def build_autoencoder() -> Task:
    torch.manual_seed(0)
    return autoencoder_task(TINY_VAE, CPU)


def denoiser_task() -> Task:
    torch.manual_seed(0)
    scenes = tuple(scene_at(index, 0) for index in range(16))
    latents = torch.randn(16, 4, 4, 4, generator=torch.Generator().manual_seed(1))
    return DenoiserTask(TINY_DENOISER, LatentCache(latents, scenes), train_tokenizer(CAPTIONS), CPU)


def weights_of(path: Path) -> dict[str, Any]:
    state = checkpoint.load_checkpoint(path)
    assert state is not None
    flat = {f"module.{name}": value for name, value in state["module"].items()}
    flat |= {f"average.{name}": value for name, value in state["average"].items()}
    for number, moments in state["optimiser"]["state"].items():
        flat |= {f"optimiser.{number}.{name}": value for name, value in moments.items()}
    return flat


def assert_bitwise_equal(one: Path, other: Path) -> None:
    first, second = weights_of(one), weights_of(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("build", [build_autoencoder, denoiser_task])
def test_a_resumed_run_is_bitwise_the_undisturbed_one(build: Any, tmp_path: Path) -> None:
    pace = Pace(steps=6, rate=1e-3, warmup=2)
    Trainer(build(), pace, FileKeeper(tmp_path / "whole.pt")).run(Stop())
    Trainer(build(), pace, FileKeeper(tmp_path / "parts.pt")).run(Stop(step=2))
    Trainer(build(), pace, FileKeeper(tmp_path / "parts.pt")).run(Stop(step=3, measure_every=1))
    resumed = Trainer(build(), pace, FileKeeper(tmp_path / "parts.pt"))
    assert resumed.step == 3
    resumed.run(Stop())
    assert resumed.step == 6
    assert_bitwise_equal(tmp_path / "whole.pt", tmp_path / "parts.pt")


KILLED_RUN = """
import os, sys
from pathlib import Path
import torch
from torch import nn
from graphengine.diffusion.training.checkpoint import FileKeeper
from graphengine.diffusion.training.loop import Pace, Stop, Trainer

class Line:
    def __init__(self):
        torch.manual_seed(0)
        self.module = nn.Linear(4, 1)
    def loss(self, rng):
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls == int(sys.argv[2]):
            os.kill(os.getpid(), 9)
        x = torch.from_numpy(rng.standard_normal((8, 4))).float()
        return (self.module(x) - x.sum(1, keepdim=True)).square().mean()
    def measure(self):
        return {}

torch.set_num_threads(1)
Trainer(Line(), Pace(steps=20, rate=0.1, warmup=2), FileKeeper(Path(sys.argv[1]), every=3)).run(Stop())
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a real kill")
def test_a_killed_run_continues_from_its_last_checkpoint(tmp_path: Path) -> None:
    def train(path: Path, killed_at: int) -> int:
        command = [sys.executable, "-c", KILLED_RUN, str(path), str(killed_at)]
        return subprocess.run(command, check=False).returncode

    assert train(tmp_path / "whole.pt", killed_at=0) == 0
    assert train(tmp_path / "parts.pt", killed_at=9) == -9
    assert train(tmp_path / "parts.pt", killed_at=0) == 0
    assert_bitwise_equal(tmp_path / "whole.pt", tmp_path / "parts.pt")


def test_a_crash_while_saving_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.pt"
    checkpoint.save_checkpoint(path, {"step": 1})

    def half(_state: Any, file: Any) -> None:
        file.write(b"half of it")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="disk full"):
        checkpoint.save_checkpoint(path, {"step": 2})
    assert checkpoint.load_checkpoint(path) == {"step": 1}
    assert checkpoint.load_checkpoint(tmp_path / "none.pt") is None


class Passing:
    """Learns to be 4, and is best where it passes 1."""

    def __init__(self) -> None:
        self.module = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.module.weight)

    def loss(self, rng: np.random.Generator) -> torch.Tensor:
        del rng
        return (self.module.weight - 4).square().sum()

    def measure(self) -> dict[str, float]:
        return {"score": -abs(float(self.module.weight) - 1)}


def test_a_run_with_patience_ends_with_the_weights_that_were_best(tmp_path: Path) -> None:
    pace = Pace(steps=200, rate=0.1, warmup=0, ema=0.0, schedule="constant")
    stop = Stop(measure_every=2, patience=3, figure="score")
    trainer = Trainer(Passing(), pace, FileKeeper(tmp_path / "whole.pt"))
    trainer.run(stop)
    scores = [point.figures["score"] for point in trainer.curve]
    assert trainer.step < 200
    assert scores.index(max(scores)) == len(scores) - 4
    assert trainer.outcome == trainer.curve[-4]
    assert -abs(float(trainer.average.weights["weight"]) - 1) == max(scores) > -0.2
    parts = tmp_path / "parts.pt"
    for step in (3, trainer.step - 1, None):  # it is cut off before the best and after it
        resumed = Trainer(Passing(), pace, FileKeeper(parts))
        resumed.run(replace(stop, step=step))
    assert torch.equal(resumed.average.weights["weight"], trainer.average.weights["weight"])
    assert resumed.outcome == trainer.outcome
    assert_bitwise_equal(tmp_path / "whole.pt", parts)
    again = Trainer(Passing(), pace, FileKeeper(parts))
    again.run(stop)
    assert (again.step, again.outcome) == (trainer.step, trainer.outcome)
    patient = Trainer(Passing(), pace, FileKeeper(tmp_path / "patient.pt"))
    patient.run(Stop(measure_every=2))
    assert patient.outcome == patient.curve[-1]


class Ahead(Passing):
    """Learns to be one more than what its weight was on the average."""

    def follow(self, averages: Mapping[str, torch.Tensor]) -> None:
        self.averages = averages

    def loss(self, rng: np.random.Generator) -> torch.Tensor:
        del rng
        return (self.module.weight - self.averages["weight"] - 1).square().sum()


def test_a_task_may_learn_from_the_averages_of_its_weights(tmp_path: Path) -> None:
    pace = Pace(steps=40, rate=0.1, warmup=0, weight_decay=0.0, ema=0.9, schedule="constant")
    whole, parts = tmp_path / "whole.pt", tmp_path / "parts.pt"
    Trainer(Ahead(), pace, FileKeeper(whole)).run(Stop())
    for step in (7, 20, None):
        task = Ahead()
        resumed = Trainer(task, pace, FileKeeper(parts))
        resumed.run(Stop(step=step))
    assert_bitwise_equal(whole, parts)
    assert torch.equal(task.averages["weight"], resumed.average.weights["weight"])
    assert task.module.weight.item() > 1.5, "what it is pulled to moves"


def test_the_time_limit_stops_and_saves(tmp_path: Path) -> None:
    ticks = iter(range(100))
    trainer = Trainer(build_autoencoder(), Pace(steps=100, rate=1e-3), FileKeeper(tmp_path / "vae.pt"))
    trainer.run(Stop(seconds=5), clock=lambda: float(next(ticks)))
    assert 0 < trainer.step < 5
    again = Trainer(build_autoencoder(), Pace(steps=100, rate=1e-3), FileKeeper(tmp_path / "vae.pt"))
    assert (again.step, again.seconds) == (trainer.step, trainer.seconds)


def test_the_rate_rises_and_falls() -> None:
    pace = Pace(steps=100, rate=1.0, warmup=10)
    rates = [pace.rate_at(step) for step in range(101)]
    assert rates[0] == 0.1
    assert rates[10] == max(rates) == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0)


def test_the_average_follows_the_weights() -> None:
    layer = torch.nn.Linear(2, 2)
    average = MovingAverage(layer, decay=0.5)
    torch.nn.init.constant_(layer.weight, 1.0)
    for step in range(100, 130):
        average.update(layer, step)
    assert torch.allclose(average.weights["weight"], torch.ones(2, 2), atol=1e-6)


def test_diffusion_agrees_with_the_scheduler() -> None:
    scheduler = build_scheduler()
    latents, noise = torch.randn(2, 5, 4, 3, 3).unbind()
    timesteps = torch.tensor([0, 10, 500, 900, 999])
    objective = Objective("v_prediction", scheduler.config, torch.device("cpu"))
    levels = objective.at(timesteps)
    noisy, velocity = levels.mixed(latents, noise), objective.target(levels, latents, noise)
    assert torch.allclose(noisy, scheduler.add_noise(latents, noise, timesteps), atol=1e-6)
    assert torch.allclose(velocity, scheduler.get_velocity(latents, noise, timesteps), atol=1e-6)
    assert torch.allclose(objective.clean(levels, noisy, velocity), latents, atol=1e-6)


def test_pictures_survive_the_trip_through_tensors() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    assert np.array_equal(to_pictures(to_tensor(pictures)), pictures)
    assert whole_psnr(pictures, pictures) == float("inf")
    assert whole_psnr(np.zeros((1, 2, 2, 3), np.uint8), np.full((1, 2, 2, 3), 255, np.uint8)) == 0


def test_latents_are_cached_and_scaled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vae = autoencoder_task(TINY_VAE, CPU).vae
    first = load_latents(tmp_path / "latents.pt", vae, count=6, seed=0, size=32)
    assert first.latents.shape == (6, 4, 4, 4)
    assert first.latents.std().item() == pytest.approx(1, abs=1e-3)
    encode = vae.encode
    monkeypatch.setattr(vae, "encode", None)
    again = load_latents(tmp_path / "latents.pt", vae, count=6, seed=0, size=32)
    assert torch.equal(first.latents, again.latents)
    assert first.scenes == again.scenes
    monkeypatch.setattr(vae, "encode", encode)
    torch.nn.init.zeros_(next(vae.parameters()))
    other = load_latents(tmp_path / "latents.pt", vae, count=6, seed=0, size=32)
    assert not torch.equal(first.latents, other.latents)


def test_the_tokenizer_knows_its_words_and_spells_all_others() -> None:
    tokenizer = train_tokenizer(CAPTIONS * 2)
    words = tokenizer.tokenize("A red  CIRCLE on a blue background")
    assert [word.removesuffix("</w>") for word in words] == [
        "a",
        "red",
        "circle",
        "on",
        "a",
        "blue",
        "background",
    ]
    spelt = tokenizer("zebra-42 \u00e9\u732b").input_ids[1:-1]
    assert tokenizer.unk_token_id not in spelt
    assert tokenizer.decode(spelt) == "zebra - 4 2 \u00e9\u732b"
    assert len(tokenizer("many words " * 50, padding="max_length", truncation=True).input_ids) == MAX_TOKENS
