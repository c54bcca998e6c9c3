"""OpenEXR: light and distances come back as they were written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest
import torch

from graphengine.diffusion import exr
from graphengine.diffusion.types.depth import DepthMap
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.files.carried import carried_texts
from graphengine.files.origin import WORKFLOW
from graphengine.files.roots import File
from nodes.depth import exr as depth_exr
from nodes.image.exr import load_exr, save_exr

pytestmark = pytest.mark.torch

FileOf = Callable[[Path], File]


def written(path: Path, **channels: Any) -> Path:
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {name: np.asarray(each, np.float32) for name, each in channels.items()}) as made:
        made.write(str(path))
    return path


@pytest.mark.parametrize(("half", "tolerance"), [(True, 1e-3), (False, 1e-6)])
def test_pictures_come_back(half: bool, tolerance: float, noise: Callable[..., Image], context: Any) -> None:
    image = noise(batch=2, channels=4)
    saved = save_exr(image, half=half, context=context)
    assert saved.image == image
    assert all(json.loads(carried_texts(file.path)[WORKFLOW]) == context.run.workflow for file in saved.files)
    for file, pixels in zip(saved.files, image.pixels, strict=True):
        loaded, mask = load_exr(file)
        clear = pixels[..., 3] > 0.05  # there is no colour where there is hardly any
        assert torch.allclose(loaded.pixels[0][clear], pixels[..., :3][clear], atol=20 * tolerance)
        assert torch.allclose(mask.values[0], pixels[..., 3], atol=tolerance)


def test_what_is_written_is_light(context: Any) -> None:
    grey = Image(torch.full((1, 4, 6, 3), 0.5))
    (file,) = save_exr(grey, half=False, embed_workflow=False, context=context).files
    assert carried_texts(file.path) == {}
    with OpenEXR.File(str(file.path), separate_channels=True) as opened:
        channels = {name: np.array(each.pixels) for name, each in opened.channels().items()}
    assert set(channels) == {"R", "G", "B"}
    assert channels["G"] == pytest.approx(np.full((4, 6), 0.21404), abs=1e-4)


def test_light_above_white_is_cut_off_or_drawn_in(tmp_path: Path, file_of: FileOf) -> None:
    light = np.array([[0.18, 1.0, 8.0, np.inf]])
    file = file_of(written(tmp_path / "hdr.exr", Y=light))
    assert load_exr(file).image.pixels[0, 0, :, 1].tolist() == pytest.approx([0.4613, 1, 1, 0], abs=1e-3)
    darker = load_exr(file, exposure=-3.0).image.pixels[0, 0, :3, 0]
    assert darker.tolist() == pytest.approx([0.1621, 0.3885, 1.0], abs=1e-3)
    drawn = load_exr(file, tone="reinhard").image.pixels[0, 0, :3, 0]
    assert (drawn.diff() > 0).all()
    assert drawn.max() < 1


def test_depth_comes_back_and_the_sky_has_an_end(tmp_path: Path, file_of: FileOf, context: Any) -> None:
    depth = DepthMap(torch.rand(2, 5, 7) * 50 + 0.1)
    files = depth_exr.save_exr(depth, context=context).files
    assert all(WORKFLOW in carried_texts(file.path) for file in files)
    assert [depth_exr.load_exr(file).values[0].tolist() for file in files] == depth.values.tolist()
    rendered = file_of(written(tmp_path / "z.exr", **{"View.Z": [[2.0, 1e10, 0.0, np.nan]]}))
    assert depth_exr.load_exr(rendered, "View.Z", 100.0).values.tolist() == [[[2.0, 100.0, 100.0, 100.0]]]
    with pytest.raises(NodeError, match="no channel 'Z'") as caught:
        depth_exr.load_exr(rendered)
    assert "View.Z" in caught.value.hint
    with pytest.raises(NodeError, match=r"no colours: it holds View\.Z"):
        load_exr(rendered)


def test_what_is_broken_or_too_large_is_refused(
    tmp_path: Path, file_of: FileOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.exr", Y=np.random.default_rng(0).random((64, 64)))
    whole = path.read_bytes()
    monkeypatch.setattr(exr, "MAX_PIXELS", 64 * 63)
    with pytest.raises(NodeError, match="more than 4032 pixels"):
        load_exr(file_of(path))
    monkeypatch.undo()
    for content, words in [(b"", "no OpenEXR file"), (b"PNG", "no OpenEXR file"), (whole[:200], "broken")]:
        (tmp_path / "b.exr").write_bytes(content)
        with pytest.raises(NodeError, match=words):
            load_exr(file_of(tmp_path / "b.exr"))


def parts(path: Path, *sizes: tuple[int, int], channels: int = 1, kind: Any = np.float16) -> Path:
    """Write a file with a part for each size, all black."""
    corner = np.zeros(2, np.int32)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, "displayWindow": (corner, corner)}
    made = [
        OpenEXR.Part(
            {**header, "name": str(number)}, {f"Y{each or ''}": np.zeros(size, kind) for each in range(channels)}
        )
        for number, size in enumerate(sizes)
    ]
    OpenEXR.File(made).write(str(path))
    return path


def test_all_channels_and_parts_count_before_any_is_read(
    tmp_path: Path, file_of: FileOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = file_of(parts(tmp_path / "fits.exr", (4, 4), (64, 60), channels=4))
    many = file_of(parts(tmp_path / "many.exr", (64, 64), channels=5))
    later = file_of(parts(tmp_path / "later.exr", (4, 4), (128, 128)))
    opened, whole = [], OpenEXR.File

    def file(path: str, **options: bool) -> Any:
        opened.append((Path(path).name, *options))
        return whole(path, **options)

    monkeypatch.setattr(exr, "MAX_PIXELS", 64 * 64)
    monkeypatch.setattr(OpenEXR, "File", file)
    assert load_exr(fits).image.pixels.shape == (1, 4, 4, 3)
    opened.clear()
    for bomb in (many, later):
        with pytest.raises(NodeError, match="more than 16384 values in all its channels and parts"):
            load_exr(bomb)
    assert opened == [("many.exr", "header_only"), ("later.exr", "header_only")]


def test_only_what_is_asked_for_is_converted(tmp_path: Path, file_of: FileOf) -> None:
    channels = exr.read_channels(file_of(parts(tmp_path / "a.exr", (8, 8), channels=3)))
    assert {name: values.dtype for name, values in channels.items()} == dict.fromkeys(["Y", "Y1", "Y2"], np.float16)
    assert exr.as_floats(channels["Y"]).dtype == torch.float32
