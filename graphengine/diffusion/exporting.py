"""A model as a folder that every user of diffusers can load, with all that was put onto it worked in."""

import copy
import inspect
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors import safe_open
from torch import nn
from transformers import PreTrainedModel

from graphengine.diffusion.adapters.embedding import ExtendedTable
from graphengine.diffusion.families.family import CONFIGS
from graphengine.diffusion.families.loading import index_of
from graphengine.diffusion.loaded import Autoencoder, Denoiser, TextStack
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.pool.construction import construction
from graphengine.diffusion.preview import LinearPreview
from graphengine.diffusion.types.refs import ModelRef, Patch, TextEncoderRef, VaeRef, WeightsRef
from graphengine.errors import ModelRefused
from graphengine.models.source import open_source

RECIPE = "recipe.json"
"""The file that says what a model was made of."""

_DENOISERS = {"unet", "transformer"}


def write_model(
    out: Path, pool: ModelPool, model: ModelRef, encoder: TextEncoderRef, vae: VaeRef, *, half: bool
) -> None:
    """Write a model as diffusers saves it, and beside it what it was made of.

    Args:
        out: the folder; it is made.
        half: in fp16, and not in fp32.

    Raises:
        ModelRefused: a text encoder carries a learned word, which such a folder has no place for.
        OSError: it cannot be written.
    """
    index = dict(index_of(open_source(model.source.path), CONFIGS / model.variant))
    with pool.use(model) as denoiser, pool.use(encoder) as stack, pool.use(vae) as autoencoder:
        modules = _modules(index, denoiser, stack, autoencoder)
        for part, module in modules.items():
            _write_module(out / part, module, half=half, **_told(part, autoencoder))
        for part, tokenizer in zip(_named(index, "tokenizer"), stack.tokenizers, strict=False):
            tokenizer.save_pretrained(out / part)
        told = {} if model.prediction == "flow" else {"prediction_type": model.prediction}
        _write_json(out / "scheduler" / "scheduler_config.json", {**denoiser.scheduler, **told})
        if isinstance(denoiser.preview, LinearPreview):
            _write_json(out / "preview.json", denoiser.preview.to_json())
    written = {*modules, *_named(index, "tokenizer"), "scheduler"}
    _write_json(out / RECIPE, {ref.part: _recipe(ref) for ref in (model, encoder, vae)})
    _write_json(out / "model_index.json", {name: _entry(name, each, written) for name, each in index.items()})


def tidy(folder: Path, module: Any) -> None:
    """Let the configuration of a saved network say what its class takes, and that it computes in fp32."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config.pop("_name_or_path", None)  # where it was read from, on this machine
    if isinstance(module, PreTrainedModel):  # transformers computes in the type named here, diffusers in fp32
        config["dtype"] = "float32"
    else:  # what a class derives from other entries it warns about
        known = inspect.signature(type(module).__init__).parameters
        config = {name: value for name, value in config.items() if name in known or name.startswith("_")}
    _write_json(path, config)


def _modules(
    index: Mapping[str, Any], denoiser: Denoiser, stack: TextStack, autoencoder: Autoencoder
) -> Mapping[str, Any]:
    """Return the networks by the names that the index has for them."""
    encoders = dict(zip(_named(index, "text_encoder"), stack.encoders, strict=False))
    return {next(name for name in index if name in _DENOISERS): denoiser.module, "vae": autoencoder.module, **encoders}


def _named(index: Mapping[str, Any], kind: str) -> Sequence[str]:
    """Return the parts of a kind that a model has, in their order."""
    return sorted(name for name, each in index.items() if name.startswith(kind) and isinstance(each, list) and each[1])


def _told(part: str, autoencoder: Autoencoder) -> Mapping[str, Any]:
    return {"scaling_factor": autoencoder.scale} if part == "vae" else {}


def _entry(name: str, each: Any, written: Collection[str]) -> Any:
    """Return the entry of an index, without the parts that are not there."""
    return [None, None] if isinstance(each, list) and name not in written else each


def _write_module(folder: Path, module: Any, *, half: bool, **told: Any) -> None:
    with construction():
        plain = _plain(copy.deepcopy(module).cpu().float())
    if told:
        plain.register_to_config(**told)
    if half:
        nn.Module.half(plain)
    plain.save_pretrained(folder, safe_serialization=True)
    tidy(folder, plain)


def _plain(module: Any) -> Any:
    """Work LoRAs into the layers that they are beside of."""
    if any(isinstance(each, ExtendedTable) for each in module.modules()):
        raise ModelRefused(
            "a learned word cannot be saved in a model", hint="Link the text encoder as it was before the word."
        )
    tuned = [(name, each) for name, each in module.named_modules() if isinstance(each, BaseTunerLayer)]
    for name, layer in tuned:
        layer.merge()
        parent, _, attribute = name.rpartition(".")
        setattr(module.get_submodule(parent), attribute, layer.get_base_layer())
    if tuned and hasattr(module, "peft_config"):
        del module.peft_config
    return module


def _recipe(ref: WeightsRef) -> Mapping[str, Any]:
    return {"source": ref.source.reference, "patches": [_patch(patch) for patch in ref.patches]}


def _patch(patch: Patch) -> Mapping[str, Any]:
    """Say what was put on, and how that had come about if its file says so."""
    told: dict[str, Any] = {"kind": patch.kind, "strength": patch.strength}
    if patch.source is None:
        return told
    notes: Mapping[str, str] = {}
    if patch.source.path.suffix == ".safetensors":
        with safe_open(patch.source.path, "pt") as file:
            notes = dict(file.metadata() or {})
    return {**told, "source": patch.source.reference, "sha256": patch.source.digest, "notes": notes}


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
