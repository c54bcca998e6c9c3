"""The embedded models are judged by a workflow, as anybody else's can be."""

from pathlib import Path

import pytest
from ready_workflows import run_ready

from graphengine.app import Engine, load_settings

pytestmark = pytest.mark.torch


def test_the_embedded_models_are_judged(tmp_path: Path) -> None:
    engine = Engine(load_settings(disk_cache_bytes=0))
    look = {"true": "true.value", "names": "names.values", "values": "all.values"}
    made = run_ready(engine, tmp_path, "evaluate", look=look, count=16, steps=8)
    assert made["true"] > 0.97  # true pictures are what they should be, or the judge is none
    assert made["fidelity"] > 0.75
    assert made["fid"] > 0
    assert made["diversity"] > 0
    assert made["vae_psnr"] >= 30
    assert made["enlarged_psnr"] >= made["bicubic_psnr"] + 2
    assert made["depth_correlation"] >= 0.97
    assert made["control_depth"] >= 0.9
    assert made["control_depth"] > made["free_depth"], "it is not the text that tells the layout"
    assert made["four_steps"] > 0.75
    assert made["seconds"] > 0
    assert len(made["names"]) == len(made["values"])
    page = made["file"].path.read_text(encoding="utf-8")
    assert page.count("<img") == 16
    assert f"{made['vae_psnr']:.4g}" in page


def test_generators_are_compared_in_one_table(tmp_path: Path) -> None:
    engine = Engine(load_settings(disk_cache_bytes=0))
    quick = {"steps": 2, "count": 8, "sample.steps": 2, "diffusion_seconds.steps": 2, "diffusion_seconds.pictures": 1}
    small = {"validation.count": 8}
    look = {"values": "true_row.values", "image": "shown.image"}
    made = run_ready(engine, tmp_path, "compare-generators", look=look, **quick, **small)
    assert len(made["values"]) == 4 * 6 - 1
    assert made["values"][3 * 6] > 0.97  # the true pictures show what was asked for
    assert made["image"].batch == 24
    page = made["file"].path.read_text(encoding="utf-8")
    assert page.count("<img") == 24
    assert [each in page for each in ("Diffusion", "GAN", "VAE")] == [True] * 3
