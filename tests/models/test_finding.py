import json
from pathlib import Path

from graphengine.models.finding import find_models


def test_folders_and_single_files_are_found_once(tmp_path: Path) -> None:
    (tmp_path / "sd" / "unet").mkdir(parents=True)
    (tmp_path / "sd" / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
    (tmp_path / "sd" / "unet" / "diffusion.safetensors").write_bytes(b"123")
    (tmp_path / "one.safetensors").write_bytes(b"12345")
    (tmp_path / "notes.txt").write_text("no model")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "model_index.json").write_text("{")
    found = {
        model.reference: (model.kind, model.nbytes) for model in find_models("models", [tmp_path, tmp_path / "none"])
    }
    assert found == {
        "models:one.safetensors": ("safetensors", 5),
        "models:bad": ("unreadable", 1),
        "models:sd": ("StableDiffusionPipeline", 3 + (tmp_path / "sd" / "model_index.json").stat().st_size),
    }


def test_links_to_nowhere_and_in_circles_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "one.safetensors").write_bytes(b"12345")
    (tmp_path / "gone.safetensors").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "self").symlink_to("self")
    assert [model.reference for model in find_models("models", [tmp_path])] == ["models:one.safetensors"]


def test_a_link_to_a_folder_elsewhere_is_followed(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "one.safetensors").write_bytes(b"12345")
    (tmp_path / "models" / "big").symlink_to(tmp_path / "disk")
    assert [model.reference for model in find_models("models", [tmp_path / "models"])] == ["models:big/one.safetensors"]
