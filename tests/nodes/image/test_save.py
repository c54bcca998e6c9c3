"""Every picture of a batch in a file of its own, and the workflow inside."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pil

from graphengine.diffusion.images import from_pil
from graphengine.diffusion.types.image import Image
from graphengine.errors import Cancelled, NodeError
from graphengine.files.carried import carried_texts
from graphengine.files.origin import LOCK, WORKFLOW
from graphengine.files.picture import png_texts
from graphengine.files.roots import File
from graphengine.run.context import CancelToken, TaskContext
from graphengine.run.messages import Event, TaskOutput, TaskProgress
from nodes.image.alpha import join_alpha
from nodes.image.load import load
from nodes.image.save import save

pytestmark = pytest.mark.torch

Noise = Callable[..., Image]
Rounded = Callable[[Image], Image]


def test_png_is_exact_and_carries_the_workflow(noise: Noise, eight_bits: Rounded, context: TaskContext) -> None:
    image = eight_bits(noise(batch=2))
    passed, files = save(image, context=context)
    assert passed is image
    assert [file.path.name for file in files] == ["sunset_00001.png", "sunset_00002.png"]
    assert torch.equal(torch.cat([load(file).image.pixels for file in files]), image.pixels)
    for file in files:
        assert json.loads(png_texts(file.path).get(WORKFLOW) or "") == context.run.workflow


def test_a_large_workflow_does_not_make_the_picture_unreadable(noise: Noise, context: TaskContext) -> None:
    info = replace(context.run, workflow={"notes": "\ud800" + "x" * 3_000_000})
    (file,) = save(noise(), context=TaskContext(replace(context.scope, info=info), "picture")).files
    assert load(file).image.width == 8
    assert json.loads(png_texts(file.path).get(WORKFLOW) or "") == info.workflow


def test_alpha_is_exact(noise: Noise, eight_bits: Rounded, context: TaskContext) -> None:
    image = eight_bits(noise(channels=4))
    (file,) = save(image, context=context).files
    loaded = load(file)
    assert torch.equal(join_alpha(loaded.image, loaded.mask).pixels, image.pixels)


def test_values_are_rounded_and_clamped(context: TaskContext) -> None:
    image = Image(torch.tensor([-1.0, 0.49 / 255, 0.51 / 255, 2.0]).reshape(1, 1, 4, 1).expand(-1, -1, -1, 3))
    (file,) = save(image, context=context).files
    with Pil.open(file.path) as picture:
        assert np.asarray(picture)[0, :, 0].tolist() == [0, 0, 1, 255]


@pytest.mark.parametrize("format_", ["png", "jpeg", "webp", "tiff"])
def test_every_file_says_which_of_its_run_it_is(noise: Noise, context: TaskContext, format_: Any) -> None:
    info = replace(context.run, lock={"version": 1, "settings": {}})
    files = save(
        noise(batch=2), "x", format_, context=TaskContext(replace(context.scope, info=info), "each[2]/it")
    ).files
    for index, file in enumerate(files):
        texts = carried_texts(file.path)
        assert json.loads(texts[WORKFLOW]) == context.run.workflow
        assert json.loads(texts[LOCK]) == {**info.lock, "output": {"task": "each[2]/it", "index": index}}
    (file,) = save(noise(), "x", format_, embed_workflow=False, context=context).files
    assert carried_texts(file.path) == {}


def test_the_workflow_can_be_left_out(noise: Noise, context: TaskContext) -> None:
    (file,) = save(noise(), embed_workflow=False, context=context).files
    assert png_texts(file.path).get(WORKFLOW) is None


@pytest.mark.parametrize(("format_", "suffix"), [("jpeg", ".jpg"), ("webp", ".webp")])
def test_other_formats(format_: str, suffix: str, context: TaskContext) -> None:
    slope = torch.linspace(0, 1, 32).reshape(1, 1, 32, 1).expand(1, 16, 32, 3)
    good, bad = (save(Image(slope), "x", format_, q, context=context).files[0] for q in (95, 5))  # type: ignore[arg-type]
    assert good.path.suffix == suffix
    assert torch.allclose(load(good).image.pixels, slope, atol=0.03)
    assert good.path.stat().st_size > bad.path.stat().st_size


@pytest.mark.parametrize("channels", [3, 4])
def test_tiff_is_exact(noise: Noise, eight_bits: Rounded, context: TaskContext, channels: int) -> None:
    image = noise(channels=channels)
    (file,) = save(image, format="tiff", context=context).files
    assert file.path.suffix == ".tif"
    with Pil.open(file.path) as picture:
        assert (picture.format, from_pil([picture])) == ("TIFF", eight_bits(image))


def test_jpeg_lays_transparency_on_white(context: TaskContext) -> None:
    clear = Image(torch.zeros(1, 8, 8, 4))
    (file,) = save(clear, format="jpeg", context=context).files
    assert load(file).image.pixels.min() == 1


def test_webp_keeps_transparency(context: TaskContext) -> None:
    (file,) = save(Image(torch.full((1, 8, 8, 4), 0.2)), format="webp", context=context).files
    assert torch.allclose(load(file).mask.values, torch.tensor(0.2), atol=0.01)


def test_files_and_progress_are_told(noise: Noise, context: TaskContext, events: list[Event]) -> None:
    files = save(noise(batch=2), "{node}/{date}_{counter}", context=context).files
    assert events == [
        TaskOutput("picture", files[0], "image/png"),
        TaskProgress("picture", 1, 2),
        TaskOutput("picture", files[1], "image/png", 1),
        TaskProgress("picture", 2, 2),
    ]
    assert files[1].reference == "outputs:picture/2026-05-31_2.png"


def test_nothing_is_overwritten(noise: Noise, context: TaskContext) -> None:
    (first,) = save(noise(), context=context).files
    before = first.path.read_bytes()
    (second,) = save(noise(), context=context).files
    assert second.path != first.path
    assert first.path.read_bytes() == before


@pytest.mark.parametrize("name", ["../x", "/x", "{secret}"])
def test_a_wrong_name_is_refused(name: str, noise: Noise, context: TaskContext, tmp_path: Path) -> None:
    with pytest.raises(NodeError):
        save(noise(), name, context=context)
    assert not list(tmp_path.rglob("*.png"))


def test_cancelling_stops_between_pictures(
    noise: Noise, context: TaskContext, token: CancelToken, tmp_path: Path
) -> None:
    token.cancel()
    with pytest.raises(Cancelled):
        save(noise(batch=3), context=context)
    assert len(list(tmp_path.rglob("*.png"))) == 1


def test_a_saved_file_is_found_by_its_content(noise: Noise, context: TaskContext) -> None:
    (file,) = save(noise(), context=context).files
    assert file == File("elsewhere", Path("elsewhere"), file.digest)
