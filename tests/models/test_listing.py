"""The list of models: what is told of each, what is wrong with it, and that headers are read once."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from documents import model_file, weights_file

from graphengine.files.digest import Digests
from graphengine.models import listing
from graphengine.models.listing import Model, Models

VAE = {"encoder.conv_in.weight": (8, 3, 3, 3), "decoder.conv_in.weight": (8, 4, 3, 3)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "models"
    path.mkdir()
    return path


def listed(folder: Path, **more: list[Path]) -> dict[str, Model]:
    return {each.found.reference: each for each in Models({"models": [folder], **more}, Digests()).all()}


def test_what_headers_tell_is_listed(folder: Path) -> None:
    weights_file(folder / "vae" / "one.safetensors", VAE)
    (model,) = listed(folder).values()
    assert model.found.reference == "models:vae/one.safetensors"
    assert (model.facts.nature.role, model.facts.nature.title) == ("vae", "VAE")
    assert model.facts.numbers == 8 * 27 + 8 * 36
    assert model.facts.formats == {"F16": 8 * 27 + 8 * 36}
    assert (model.facts.problem, model.digest, model.preview) == (None, None, None)
    assert model.found.nbytes == (folder / "vae" / "one.safetensors").stat().st_size
    assert model.found.changed == (folder / "vae" / "one.safetensors").stat().st_mtime_ns


def test_what_cannot_be_loaded_says_why(folder: Path) -> None:
    weights_file(folder / "whole.safetensors", VAE)
    whole = (folder / "whole.safetensors").read_bytes()
    (folder / "cut.safetensors").write_bytes(whole[:-100])
    (folder / "stump.safetensors").write_bytes(whole[:40])
    (folder / "lie.safetensors").write_bytes(whole + b"more")
    (folder / "old.ckpt").write_bytes(b"PK\x03\x04" + bytes(100))
    (folder / "disguised.safetensors").write_bytes(pickle.dumps({"a": 1}, protocol=4))
    (folder / "quantised.gguf").write_bytes(b"GGUF" + bytes(100))
    (folder / "pointer.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")
    (folder / "bad").mkdir()
    (folder / "bad" / "model_index.json").write_text("[]")
    (folder / "poor").mkdir()
    index = {"unet": ["diffusers", "UNet2DConditionModel"], "text_encoder": ["transformers", "CLIPTextModel"]}
    (folder / "poor" / "model_index.json").write_text(json.dumps(index))
    (folder / "odd").mkdir()
    (folder / "odd" / "model_index.json").write_text(json.dumps(index))
    for part, config in (("unet", {}), ("vae", {"block_out_channels": 3}), ("scheduler", {})):
        (folder / "odd" / part).mkdir()
        name = "scheduler_config.json" if part == "scheduler" else "config.json"
        (folder / "odd" / part / name).write_text(json.dumps(config))
    problems = {name.removeprefix("models:"): each.facts.problem for name, each in listed(folder).items()}
    assert problems.pop("whole.safetensors") is None
    assert {name: each.code for name, each in problems.items() if each is not None} == {
        "cut.safetensors": "truncated",
        "stump.safetensors": "truncated",
        "lie.safetensors": "broken",
        "old.ckpt": "pickle",
        "disguised.safetensors": "pickle",
        "quantised.gguf": "other_format",
        "pointer.safetensors": "other_format",
        "bad": "broken",
        "poor": "incomplete",
        "odd": "broken",
    }
    assert all(str(folder) not in each.message for each in problems.values() if each is not None)


def test_headers_are_read_once_and_again_when_they_change(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    facts_of = listing.facts_of

    def counted(path: Path) -> Any:
        read.append(path.name)
        return facts_of(path)

    monkeypatch.setattr(listing, "facts_of", counted)
    monkeypatch.setattr(listing, "FRESH", -1.0)
    for name in ("a", "b"):
        model_file(folder / f"{name}.safetensors", 10)
    models = Models({"models": [folder]}, Digests())
    assert [each.facts.numbers for each in models.all()] == [10, 10]
    models.all()
    assert read == ["a.safetensors", "b.safetensors"]
    model_file(folder / "a.safetensors", 20)
    (folder / "b.safetensors").unlink()
    assert [each.facts.numbers for each in models.all()] == [20]
    assert read[2:] == ["a.safetensors"]


def test_a_list_is_true_for_a_moment(folder: Path) -> None:
    models = Models({"models": [folder]}, Digests())
    assert models.all() == ()
    model_file(folder / "a.safetensors", 10)
    assert models.all() == ()


def test_a_digest_is_told_if_somebody_has_computed_it(folder: Path) -> None:
    model_file(folder / "a.safetensors", 10)
    (folder / "b").mkdir()
    (folder / "b" / "model_index.json").write_text("{}")
    digests = Digests()
    wanted = {path.name: digests.of(path) for path in folder.iterdir()}
    found = {each.found.path.name: each.digest for each in Models({"models": [folder]}, digests).all()}
    assert found == wanted
    model_file(folder / "a.safetensors", 20)
    assert next(each.digest for each in Models({"models": [folder]}, digests).all()) is None


@pytest.mark.parametrize("name", ["a.png", "a.preview.png", "a.jpg", "a.webp"])
def test_a_picture_beside_a_file_is_its_preview(folder: Path, name: str) -> None:
    model_file(folder / "a.safetensors", 10)
    (folder / name).write_bytes(b"picture")
    assert listed(folder)["models:a.safetensors"].preview == folder / name


@pytest.mark.parametrize("name", ["b.png", "b/preview.png"])
def test_a_folder_has_its_picture_beside_it_or_inside(folder: Path, name: str) -> None:
    (folder / "b").mkdir()
    (folder / "b" / "model_index.json").write_text("{}")
    (folder / name).write_bytes(b"picture")
    models = Models({"models": [folder]}, Digests())
    (model,) = models.all()
    assert model.preview == models.preview(model.id) == folder / name
    assert models.preview("of nobody") is None


def test_of_one_name_in_several_folders_the_first_is_meant_and_roots_are_apart(folder: Path, tmp_path: Path) -> None:
    for place in ("second", "builtin"):
        model_file(tmp_path / place / "a.safetensors", 20)
    model_file(folder / "a.safetensors", 10)
    model_file(folder / ".cache" / "b.safetensors", 10)
    models = Models({"models": [folder, tmp_path / "second"], "builtin": [tmp_path / "builtin"]}, Digests())
    assert {each.found.reference: each.facts.numbers for each in models.all()} == {
        "builtin:a.safetensors": 20,
        "models:a.safetensors": 10,
    }
