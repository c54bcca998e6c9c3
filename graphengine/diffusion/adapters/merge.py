"""Merging models: the weights of one moved towards those of another (Wortsman et al., Model Soups, 2022)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from graphengine.diffusion.families.table import FAMILIES
from graphengine.diffusion.loaded import Loaded
from graphengine.diffusion.types.refs import Patch, WeightsRef
from graphengine.errors import ModelRefused
from graphengine.models.source import open_source


def apply_merge(ref: WeightsRef, loaded: Loaded, patch: Patch) -> Loaded:
    """Move weights towards those of another model of the same architecture (a :data:`.patcher.Patcher`).

    Where it is not moved a tensor stays shared.

    Raises:
        ModelRefused: the other has other weights.
    """
    if patch.source is None:
        raise ModelRefused("a model cannot be merged with none")
    other = FAMILIES[ref.family].load(
        replace(ref, source=patch.source, patches=()), open_source(patch.source.path), torch.float32
    )
    for module, towards in zip(loaded.modules, other.modules, strict=True):
        _merge(module, dict(towards.named_parameters()), patch)
    return loaded


def _merge(module: nn.Module, towards: Mapping[str, Tensor], patch: Patch) -> None:
    own: Mapping[str, nn.Module] = dict(module.named_modules())
    weights = {name: tensor for name, tensor in module.named_parameters() if ".lora_" not in name}
    plain = {name.replace(".base_layer.", "."): name for name in weights}
    if plain.keys() != towards.keys() or any(weights[plain[name]].shape != towards[name].shape for name in plain):
        raise ModelRefused("the models are built differently", hint="Merge models of one kind.")
    for name, place in plain.items():
        much = patch.amount_for(name)
        if much:
            layer, _, attribute = place.rpartition(".")
            before = weights[place]
            merged: Any = torch.lerp(before.float(), towards[name].to(before.device).float(), much).to(before.dtype)
            setattr(own[layer], attribute, nn.Parameter(merged, requires_grad=False))
