"""What is read is what was written, and nothing that is broken or too large gets in."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pil

from graphengine.diffusion import reading
from graphengine.errors import NodeError
from graphengine.files.digest import sha256
from graphengine.files.roots import File
from nodes.image.load import load

pytestmark = pytest.mark.torch

FileOf = Callable[[Path], File]


def test_values_are_levels_by_255(tmp_path: Path, file_of: FileOf) -> None:
    levels = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    Pil.fromarray(levels).save(tmp_path / "a.png")
    image, mask = load(file_of(tmp_path / "a.png"))
    assert torch.equal(image.pixels[0], torch.from_numpy(levels).float() / 255)
    assert torch.equal(mask.values, torch.ones(1, 2, 4))


def test_alpha_becomes_the_mask(tmp_path: Path, file_of: FileOf) -> None:
    levels = np.array([[[10, 20, 30, 0], [40, 50, 60, 255]]], dtype=np.uint8)
    Pil.fromarray(levels).save(tmp_path / "a.png")
    image, mask = load(file_of(tmp_path / "a.png"))
    assert torch.equal(image.pixels[0], torch.from_numpy(levels[..., :3].copy()).float() / 255)
    assert mask.values.tolist() == [[[0.0, 1.0]]]


def test_transparency_of_a_palette_becomes_the_mask(tmp_path: Path, file_of: FileOf) -> None:
    picture = Pil.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.png", transparency=0)
    image, mask = load(file_of(tmp_path / "a.png"))
    assert mask.values.tolist() == [[[0.0, 1.0]]]
    assert image.pixels[0, 0, 1].tolist() == [0.0, 1.0, 0.0]


def test_exif_orientation_is_applied(tmp_path: Path, file_of: FileOf) -> None:
    levels = np.zeros((2, 3, 3), dtype=np.uint8)
    levels[0, 0] = 255
    exif = Pil.Exif()
    exif[0x0112] = 6  # the camera was held so that the picture must be turned clockwise
    Pil.fromarray(levels).save(tmp_path / "a.png", exif=exif)
    image, mask = load(file_of(tmp_path / "a.png"))
    assert (image.width, image.height) == (2, 3)
    assert mask.values.shape == (1, 3, 2)
    assert image.pixels[0, 0, 1].tolist() == [1.0, 1.0, 1.0]


def test_sixteen_bits_of_grey_stay(tmp_path: Path, file_of: FileOf) -> None:
    Pil.fromarray(np.array([[0, 1, 65535]], dtype=np.uint16)).save(tmp_path / "a.png")
    image, _ = load(file_of(tmp_path / "a.png"))
    assert torch.allclose(image.pixels[0, 0, :, 1], torch.tensor([0, 1 / 65535, 1]))


def test_the_first_frame_of_an_animation_is_taken(tmp_path: Path, file_of: FileOf) -> None:
    frames = [Pil.new("RGB", (2, 2), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    image, _ = load(file_of(tmp_path / "a.gif"))
    assert image.pixels.shape == (1, 2, 2, 3)
    assert image.pixels[0, 0, 0].tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("limit", [15, 8, 7])
def test_bombs_are_refused(limit: int, tmp_path: Path, file_of: FileOf, monkeypatch: pytest.MonkeyPatch) -> None:
    Pil.new("RGB", (4, 4)).save(tmp_path / "a.png")
    monkeypatch.setattr(reading, "MAX_PIXELS", limit)
    monkeypatch.setattr(Pil, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(NodeError, match="more than") as caught:
        load(file_of(tmp_path / "a.png"))
    assert "Scale" in caught.value.hint


def test_a_header_that_promises_too_much_is_refused(tmp_path: Path, file_of: FileOf) -> None:
    content = io.BytesIO()
    Pil.new("1", (9000, 9000)).save(content, "png")
    (tmp_path / "a.png").write_bytes(content.getvalue()[:64])
    with pytest.raises(NodeError, match="more than 67108864 pixels"):
        load(file_of(tmp_path / "a.png"))


def test_what_is_no_picture_is_refused(tmp_path: Path, file_of: FileOf) -> None:
    (tmp_path / "a.png").write_text("not a picture")
    with pytest.raises(NodeError, match=r"'a\.png' is not a picture") as caught:
        load(file_of(tmp_path / "a.png"))
    assert "PNG" in caught.value.hint


def test_formats_that_are_programs_are_refused(tmp_path: Path, file_of: FileOf) -> None:
    Pil.new("RGB", (2, 2)).save(tmp_path / "a.eps")
    with pytest.raises(NodeError, match="is not a picture"):
        load(file_of(tmp_path / "a.eps"))


def test_values_of_unknown_range_are_refused(tmp_path: Path, file_of: FileOf) -> None:
    Pil.fromarray(np.full((2, 2), 3.5, dtype=np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(NodeError, match="pixel format F"):
        load(file_of(tmp_path / "a.tiff"))


def test_a_folder_is_refused(tmp_path: Path, file_of: FileOf) -> None:
    with pytest.raises(NodeError, match="is broken"):
        load(file_of(tmp_path))


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns before it gives up
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), format_=st.sampled_from(["png", "jpeg", "webp", "gif", "bmp", "tiff"]))
def test_a_damaged_file_is_read_or_refused(data: st.DataObject, format_: str, tmp_path: Path) -> None:
    content = io.BytesIO()
    Pil.fromarray(np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)).save(content, format_)
    damaged = bytearray(content.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(1, len(damaged)))
    path = tmp_path / "damaged"
    path.write_bytes(damaged[:end])
    try:
        image, _ = load(File("damaged", path, sha256(path.read_bytes())))
    except NodeError as error:
        assert error.hint  # noqa: PT017 - both ways are right
    else:
        assert 0 <= image.pixels.min() <= image.pixels.max() <= 1
