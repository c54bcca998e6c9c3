"""What a source is, told by its content; what is unsafe or lies is refused before anything is loaded."""

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from graphengine.diffusion.families.table import open_checkpoint
from graphengine.diffusion.pool import ModelPool
from graphengine.errors import ModelRefused, OutOfMemory
from graphengine.files.digest import Digests
from graphengine.files.roots import File
from graphengine.models.header import read_header
from graphengine.models.source import open_source

pytestmark = pytest.mark.torch

ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def write(path: Path, header: Any, data: bytes = b"\0" * 8) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def as_file(path: Path) -> File:
    return File(path.name, path, Digests().of(path))


@pytest.mark.parametrize("name", ["model.ckpt", "model.safetensors", "model.bin", "model"])
def test_pickles_are_refused_whatever_their_name(tmp_path: Path, name: str) -> None:
    for write_it in (
        lambda path: torch.save({"weight": torch.zeros(2)}, path),
        lambda path: torch.save({"weight": torch.zeros(2)}, path, _use_new_zipfile_serialization=False),
        lambda path: path.write_bytes(pickle.dumps({"a": 1}, protocol=4)),
    ):
        write_it(tmp_path / name)
        with pytest.raises(ModelRefused, match="pickle") as refusal:
            open_checkpoint(as_file(tmp_path / name))
        assert "safetensors" in refusal.value.hint


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "claims"),
        (b"\x08", "claims"),
        (struct.pack("<Q", 2**60) + b"{}", "claims"),
        (b"version https://git-lfs.github.com/spec/v1\n", "LFS"),
        (b"GGUF\3\0\0\0" + b"\0" * 64, "GGUF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"hello world, this is text", "claims"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelRefused, match=reason):
        read_header(path)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"a": {**ENTRY, "data_offsets": [0, 16]}}, "does not fit"),
        ({"a": {**ENTRY, "shape": [3]}}, "does not fit"),
        ({"a": {**ENTRY, "shape": [-2]}}, "does not fit"),
        ({"a": {**ENTRY, "data_offsets": [8, 0]}}, "does not fit"),
        ({"a": {**ENTRY, "dtype": "F31"}}, "malformed"),
        ({"a": {"dtype": "F32"}}, "malformed"),
        ({"a": 7}, "malformed"),
        ({"a": ENTRY, "b": ENTRY}, "overlap"),
        ({"a": {**ENTRY, "shape": [1], "data_offsets": [4, 8]}}, "gaps"),
        ({"a": {**ENTRY, "shape": [1], "data_offsets": [0, 4]}}, "the file has 8"),
        ({"a": {**ENTRY, "shape": [2**40], "data_offsets": [0, 2**42]}}, "the file has 8"),
        ([], "not an object"),
        (b"{not json", "cannot be read"),
        (b"[" * 50_000, "cannot be read"),
        (b"\xff\xfe{}", "cannot be read"),
        (f'{{"a": {json.dumps(ENTRY)}, "a": {json.dumps(ENTRY)}}}'.encode(), "twice"),
    ],
)
def test_headers_that_lie_are_refused(tmp_path: Path, header: Any, reason: str) -> None:
    with pytest.raises(ModelRefused, match=reason):
        read_header(write(tmp_path / "model.safetensors", header))


def test_a_sound_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"  # the name does not matter, the content does
    tensors = {"a": torch.zeros(2, 3), "b": torch.zeros(0), "c": torch.zeros((), dtype=torch.bfloat16)}
    save_file(tensors, path, metadata={"made by": "a test"})
    assert read_header(path).shapes == {"a": (2, 3), "b": (0,), "c": ()}


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=r"no model_index\.json"):
        open_source(tmp_path)


def test_a_folder_of_pickles_is_refused(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    (tmp_path / "model_index.json").write_text('{"unet": ["diffusers", "UNet2DConditionModel"]}')
    (tmp_path / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelRefused, match="is a pickle"):
        open_source(tmp_path)


@pytest.mark.parametrize("damage", ["index", "config", "missing config"])
def test_a_damaged_folder_is_refused(make_model: Callable[..., Any], damage: str) -> None:
    path = make_model().path
    if damage == "index":
        (path / "model_index.json").write_text("[]")
    elif damage == "config":
        (path / "unet" / "config.json").write_text("{")
    else:
        (path / "vae" / "config.json").unlink()
    with pytest.raises(ModelRefused):
        open_checkpoint(as_file(path))


def test_unknown_architectures_are_refused(tmp_path: Path) -> None:
    save_file({"some.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelRefused, match="no known architecture"):
        open_checkpoint(as_file(tmp_path / "other.safetensors"))


def test_a_configuration_that_no_model_has_is_refused(make_model: Callable[..., Any]) -> None:
    made = make_model()
    config = made.path / "unet" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "block_out_channels": "wide"}))
    checkpoint = open_checkpoint(as_file(made.path))
    with pytest.raises(ModelRefused, match="cannot be loaded"), made.pool.use(checkpoint.model):
        pass


def test_no_room_while_loading_is_no_refusal(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("graphengine.diffusion.families.sd.load_autoencoder", fail)
    pool = ModelPool(torch.device("cpu"))
    with pytest.raises(OutOfMemory), pool.use(model.checkpoint.vae):
        pass


def test_missing_weights_are_refused_not_made_up(make_model: Callable[..., Any]) -> None:
    made = make_model()
    file = made.path / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    tensors.pop("decoder.conv_in.weight")
    save_file(tensors, file)
    checkpoint = open_checkpoint(as_file(made.path))
    with pytest.raises(ModelRefused, match=r"decoder\.conv_in\.weight"), made.pool.use(checkpoint.vae):
        pass


def test_half_precision_files_are_found_by_their_names(make_model: Callable[..., Any]) -> None:
    made = make_model()
    for name in ("unet", "vae"):
        plain = made.path / name / "diffusion_pytorch_model.safetensors"
        plain.rename(plain.with_name("diffusion_pytorch_model.fp16.safetensors"))
    checkpoint = open_checkpoint(as_file(made.path))
    with made.pool.use(checkpoint.model) as denoiser:
        assert not next(denoiser.module.parameters()).is_meta
