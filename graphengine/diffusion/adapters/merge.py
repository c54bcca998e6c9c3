"""Merging models: the weights of one moved towards those of another (Wortsman et al., Model Soups, 2022)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from graphengine.diffusion.adapters.names import plain_names
from graphengine.diffusion.families.family import Loader, load_part
from graphengine.diffusion.loaded import Loaded
from graphengine.diffusion.types.refs import Patch, WeightsRef
from graphengine.errors import ModelRefused
from graphengine.models.source import open_source


def apply_merge(families: Mapping[str, Loader], ref: WeightsRef, loaded: Loaded, patch: Patch) -> Loaded:
    """Move weights towards those of another model of the same architecture (with families a :data:`.patcher.Patcher`).

    Where it is not moved a tensor stays shared.

    Args:
        families: what loads the other model.

    Raises:
        ModelRefused: the other has other weights.
        OutOfMemory: there is no room for the other.
    """
    if patch.source is None:
        raise ModelRefused("a model cannot be merged with none")
    dtype = next(loaded.modules[0].parameters()).dtype
    towards = replace(ref, source=patch.source, patches=())
    other = load_part(families[ref.family], towards, open_source(patch.source.path), dtype)
    for module, wanted in zip(loaded.modules, other.modules, strict=True):
        _merge(module, dict(wanted.named_parameters(remove_duplicate=False)), patch)
    return loaded


def _merge(module: nn.Module, towards: Mapping[str, Tensor], patch: Patch) -> None:
    own: Mapping[str, nn.Module] = dict(module.named_modules(remove_duplicate=False))
    weights = dict(module.named_parameters(remove_duplicate=False))
    plain = dict(plain_names(own, weights))
    if plain.keys() != towards.keys() or any(weights[plain[name]].shape != towards[name].shape for name in plain):
        raise ModelRefused("the models are built differently", hint="Merge models of one kind.")
    merged: dict[int, Any] = {}  # a tensor that stands in several places is one tensor afterwards too
    for name, place in plain.items():
        much = patch.amount_for(name)
        if much:
            layer, _, attribute = place.rpartition(".")
            before = weights[place]
            if id(before) not in merged:
                mixed = torch.lerp(before.float(), towards[name].to(before.device).float(), much).to(before.dtype)
                merged[id(before)] = nn.Parameter(mixed, requires_grad=False)
            setattr(own[layer], attribute, merged[id(before)])
