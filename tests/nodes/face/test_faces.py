"""Faces are found where they were drawn, and put back where they were."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from graphengine.diffusion import faces as finding
from graphengine.diffusion.masks import box_of
from graphengine.diffusion.types.image import Image
from graphengine.errors import Cancelled, ModelRefused, NodeError
from graphengine.files.roots import File
from nodes.drawing.landscape import landscape
from nodes.drawing.people import people
from nodes.face.detect import detect, detect_with_model
from nodes.inpaint.crop import crop, stitch_parts

pytestmark = pytest.mark.torch

FileOf = Callable[[Path], File]


@pytest.mark.parametrize(("count", "size"), [(1, 256), (2, 256), (4, 384), (9, 512)])
def test_every_drawn_face_is_found_and_nothing_else(count: int, size: int, notes: Any) -> None:
    image = people(5, size, count)
    faces = detect(image, context=notes)
    assert faces.found == len(faces.masks) == count
    across, ways = int(np.ceil(count**0.5)), set()
    for mask in faces.masks:
        box = box_of(mask.values, 0.5)
        assert box is not None
        left, top, right, bottom = box
        place = (left + right) * across // (2 * size), (top + bottom) * across // (2 * size)
        ways.add(place)
        assert size / across * 0.3 < right - left < size / across
    assert len(ways) == count, "one in each part of the picture"
    sizes = [round(mask.values.sum().item()) for mask in faces.masks]
    assert sizes == sorted(sizes, reverse=True)
    assert detect(image, most=1, context=notes).found == 1


def test_no_face_is_found_where_none_is(notes: Any) -> None:
    for seed in range(4):
        assert detect(landscape(seed, 192).image, context=notes).found == 0
    assert detect(Image(torch.rand(1, 20, 300, 3)), context=notes).masks == [], "too small for any"
    with pytest.raises(NodeError, match="in one picture, not in 2"):
        detect(Image(torch.rand(2, 64, 64, 3)), context=notes)


def test_a_large_picture_is_searched_in_a_smaller_copy(notes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    image = people(5, 512, 4)
    whole = [box_of(mask.values, 0.5) for mask in detect(image, context=notes).masks]
    searched, levels = [], finding._shrunk

    def shrunk(pixels: Any) -> Any:
        searched.append(levels(pixels))
        return searched[-1]

    monkeypatch.setattr(finding, "_LONGEST", 256)
    monkeypatch.setattr(finding, "_shrunk", shrunk)
    found = detect(image, context=notes)
    assert searched[0][0].shape == (256, 256, 3)
    assert {mask.values.shape for mask in found.masks} == {(1, 512, 512)}
    boxes = [box_of(mask.values, 0.5) for mask in found.masks]
    assert len(boxes) == len(whole) == 4
    assert np.array(sorted(boxes)) == pytest.approx(np.array(sorted(whole)), abs=40)
    assert detect(image, smallest=100, context=notes).found == 4, "the smallest is in pixels of the whole picture"


def test_finding_can_be_cancelled(notes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = []

    def check() -> None:
        checks.append(len(checks))
        if len(checks) == 3:
            raise Cancelled

    monkeypatch.setattr(notes, "check", check)
    with pytest.raises(Cancelled):
        detect(people(5, 384, 4), context=notes)
    assert len(checks) == 3, "once before the search, and before each mask"


def test_alpha_and_a_larger_smallest_face_are_taken_in(notes: Any) -> None:
    image = people(1, 256, 2)
    clear = Image(torch.cat((image.pixels, torch.ones(1, 256, 256, 1)), dim=-1))
    assert detect(clear, context=notes).found == 2
    assert detect(image, smallest=150, context=notes).found == 0


def test_parts_go_back_to_where_they_were_cut_out(notes: Any) -> None:
    image = people(5, 320, 3)
    faces = detect(image, context=notes)
    cuts = [crop(image, mask, 0.2, 64) for mask in faces.masks]
    places = [list(each) for each in zip(*(cut[2:] for cut in cuts), strict=True)]
    black = [Image(torch.zeros_like(cut.image.pixels)) for cut in cuts]
    whole = stitch_parts(image, black, faces.masks, *places, feather=0.0, match_seam=False)
    marked = torch.stack([mask.values[0] for mask in faces.masks]).amax(0)
    assert whole.pixels[0][marked == 1].eq(0).all()
    assert torch.equal(whole.pixels[0][marked == 0], image.pixels[0][marked == 0])
    assert stitch_parts(image, [], [], [], [], [], []) == image
    with pytest.raises(NodeError, match="3 parts, 2 masks"):
        stitch_parts(image, black, faces.masks[:2], *places)


def yunet(path: Path) -> Path:
    """Write a network with the outputs of YuNet that sees a face of 48 pixels in each cell of 8 that is bright."""
    nodes, weights, outputs = [], [], []
    for stride in (8, 16, 32):
        for name, channels in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            gain = 0.2 if name in {"cls", "obj"} and stride == 8 else 0.0
            kernel = np.full((channels, 3, stride, stride), gain / (3 * stride * stride), np.float32)
            bias = np.full(channels, -20 if name in {"cls", "obj"} else 0, np.float32)
            if name == "bbox":
                bias[:] = (0.5, 0.5, np.log(6), np.log(6))
            key = f"{name}_{stride}"
            shape = np.array([1, -1, channels], np.int64)
            for part, value in (("w", kernel), ("b", bias), ("s", shape)):
                weights.append(numpy_helper.from_array(value, f"{key}.{part}"))
            nodes += [
                helper.make_node(
                    "Conv", ["input", f"{key}.w", f"{key}.b"], [f"{key}.c"],
                    kernel_shape=[stride, stride], strides=[stride, stride],
                ),
                helper.make_node("Transpose", [f"{key}.c"], [f"{key}.t"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"{key}.t", f"{key}.s"], [f"{key}.r"]),
                helper.make_node("Sigmoid" if name in {"cls", "obj"} else "Identity", [f"{key}.r"], [key]),
            ]  # fmt: skip
            outputs.append(helper.make_tensor_value_info(key, TensorProto.FLOAT, [1, None, channels]))
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 128, 160])
    graph = helper.make_graph(nodes, "yunet", [given], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


def test_a_model_of_ones_own_finds_faces(tmp_path: Path, file_of: FileOf, notes: Any) -> None:
    image = Image(torch.zeros(1, 128, 160, 3))
    image.pixels[0, 40:48, 56:64] = 1  # the cell in row 5, column 7
    faces = detect_with_model(image, file_of(yunet(tmp_path / "faces.onnx")), grow=0.0, context=notes)
    assert faces.found == 1
    assert box_of(faces.masks[0].values, 0.5) == pytest.approx((36, 20, 84, 68), abs=2)
    assert (
        detect_with_model(Image(torch.zeros(1, 128, 160, 3)), file_of(tmp_path / "faces.onnx"), context=notes).masks
        == []
    )


def test_what_is_no_such_model_is_refused(tmp_path: Path, file_of: FileOf, capfd: Any, notes: Any) -> None:
    image = Image(torch.zeros(1, 128, 160, 3))
    (tmp_path / "faces.bin").write_bytes(b"no model")
    with pytest.raises(ModelRefused, match="is no .onnx file"):
        detect_with_model(image, file_of(tmp_path / "faces.bin"), context=notes)
    (tmp_path / "faces.onnx").write_bytes(b"no model")
    with pytest.raises(ModelRefused, match="no YuNet model"):
        detect_with_model(image, file_of(tmp_path / "faces.onnx"), context=notes)
