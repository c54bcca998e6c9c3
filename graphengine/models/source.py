"""What a source of weights is, found out by its content: a diffusers folder or a single safetensors file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphengine.errors import ModelRefused
from graphengine.models.header import Header, read_header

NETWORK = "model.safetensors"
"""The file of the weights in a folder as transformers saves one network, beside its ``config.json``."""

DIFFUSERS_NETWORKS = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors")
"""The same, as diffusers saves one network."""

_PICKLES = {".bin", ".ckpt", ".pt", ".pth", ".pkl"}


@dataclass(frozen=True, slots=True)
class SingleFile:
    """One safetensors file, all parts of a model in it or one."""

    path: Path
    header: Header

    def shape(self, name: str) -> tuple[int, ...] | None:
        """Return the shape of a tensor, or None if there is no such tensor."""
        return self.header.shapes.get(name)

    def has(self, prefix: str) -> bool:
        """Whether the name of any tensor begins with ``prefix``."""
        return any(name.startswith(prefix) for name in self.header.shapes)


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder as diffusers saves it: ``model_index.json`` and one folder per part."""

    path: Path
    index: Mapping[str, Any]

    def config(self, part: str) -> Mapping[str, Any]:
        """Return the configuration of a part: of ``unet``, ``vae``, ``scheduler``, and so on.

        Raises:
            ModelRefused: there is none, or it is not JSON.
        """
        name = "scheduler_config.json" if part == "scheduler" else "config.json"
        return read_json(self.path / part / name)

    def weights_variant(self, part: str) -> str | None:
        """Return the word in the file names of a part's weights, such as ``fp16``, or None."""
        names = sorted(path.name for path in (self.path / part).glob("*.safetensors"))
        if any(name.count(".") == 1 for name in names) or not names:
            return None
        return names[0].split(".")[1].split("-")[0]


Source = SingleFile | ModelFolder


def open_source(path: Path) -> Source:
    """Find out what lies at ``path`` and check the headers of all its weights; nothing is loaded.

    A folder as transformers or diffusers saves one network, with ``config.json``, is taken for the file of its weights.

    Raises:
        ModelRefused: it is neither a diffusers folder nor a safetensors file, or not a sound one.
    """
    if not path.is_dir():
        return SingleFile(path, read_header(path))
    if not (path / "model_index.json").is_file():
        found = next((path / name for name in (NETWORK, *DIFFUSERS_NETWORKS) if (path / name).is_file()), None)
        if found is not None and (path / "config.json").is_file():
            return SingleFile(found, read_header(found))
        raise ModelRefused(
            f"the folder {path.name} holds no model_index.json",
            hint="Choose the folder of a whole model as diffusers saves it, or a single .safetensors file.",
        )
    index = read_json(path / "model_index.json")
    for part in sorted(name for name in index if (path / name).is_dir()):
        _check_part(path / part)
    return ModelFolder(path, index)


def _check_part(folder: Path) -> None:
    weights = list(folder.glob("*.safetensors"))
    for file in weights:
        read_header(file)
    pickles = sorted(file.name for file in folder.iterdir() if file.suffix in _PICKLES)
    if pickles and not weights:
        raise ModelRefused(
            f"{folder.name}/{pickles[0]} is a pickle",
            hint="Only safetensors are loaded: a pickle can run any program. Get the safetensors variant.",
            fault="pickle",
        )


def network_config(folder: Path) -> Mapping[str, Any]:
    """Return the configuration of a folder that holds one network.

    Raises:
        ModelRefused: there is none, or it is not JSON.
    """
    return read_json(folder / "config.json")


def read_json(path: Path) -> Mapping[str, Any]:
    """Return the object in a JSON file that belongs to a model.

    Raises:
        ModelRefused: there is none, or it is no object.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ModelRefused(f"the model lacks {path.parent.name}/{path.name}", fault="incomplete") from error
    except (ValueError, RecursionError) as error:
        raise ModelRefused(f"{path.parent.name}/{path.name} is not JSON: {error}", fault="broken") from error
    if not isinstance(content, dict):
        raise ModelRefused(f"{path.parent.name}/{path.name} is not a JSON object", fault="broken")
    return content
