"""Applying LoRAs (Hu et al. 2022): thin matrices beside the layers of a model, by peft and the loaders of diffusers."""

from collections.abc import Iterator, Mapping
from typing import Any

from diffusers.utils import get_peft_kwargs
from peft import LoraConfig, inject_adapter_in_model, set_peft_model_state_dict
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn

from graphengine.diffusion.adapters.lora_file import TEXT_ENCODERS, Lora, read_lora
from graphengine.diffusion.loaded import Loaded
from graphengine.diffusion.types.refs import Patch, WeightsRef
from graphengine.errors import ModelRefused


def apply_lora(ref: WeightsRef, loaded: Loaded, patch: Patch) -> Loaded:
    """Put a LoRA beside the layers of a denoiser or of text encoders (a :data:`.patcher.Patcher`).

    Raises:
        ModelRefused: the file is no LoRA, or has weights that have no place in the modules.
    """
    if patch.source is None:
        raise ModelRefused("a LoRA without a file cannot be applied")
    lora = read_lora(patch.source, ref.family, config_of(ref, loaded))
    modules = modules_of(lora, ref, loaded)
    refuse_astray(lora, lora.astray(modules))
    for part, module in modules.items():
        tensors = lora.of(part, module)
        if tensors:
            name = f"lora_{len({name for layer in _tuned(module) for name in layer.scaling})}"
            if part == lora.denoiser:
                _into_denoiser(module, name, part, lora)
            else:
                _into_text_encoder(module, name, part, lora, tensors)
            _activate(module, name, patch.strength)
    return loaded


def refuse_astray(lora: Lora, names: list[str]) -> None:
    """Raise ModelRefused if there are names of weights without a place."""
    if names:
        raise ModelRefused(
            f"{len(names)} of {len(lora.tensors)} weights of {lora.name!r} have no place in the model, "
            f"the first is {names[0]}",
            hint="Is the LoRA for this kind of model?",
        )


def modules_of(lora: Lora, ref: WeightsRef, loaded: Loaded) -> Mapping[str, nn.Module]:
    """Return modules by what the names of their layers begin with."""
    return dict(zip((lora.denoiser,) if ref.part == "model" else TEXT_ENCODERS, loaded.modules, strict=False))


def config_of(ref: WeightsRef, loaded: Loaded) -> Any:
    """Return the configuration of a denoiser; None for other parts."""
    return getattr(loaded.modules[0], "config", None) if ref.part == "model" else None


def _into_denoiser(module: Any, name: str, part: str, lora: Lora) -> None:
    module.load_lora_adapter(
        dict(lora.tensors),
        prefix=part,
        network_alphas=None if lora.alphas is None else dict(lora.alphas),
        adapter_name=name,
        metadata=None if lora.settings is None else dict(lora.settings),
        low_cpu_mem_usage=True,  # it draws no random numbers, which are not ours to draw
    )


def _into_text_encoder(module: nn.Module, name: str, part: str, lora: Lora, tensors: dict[str, Tensor]) -> None:
    """Do what diffusers does, but by peft itself: the loader of transformers makes all other weights anew."""
    settings = lora.settings_of(part)
    if settings is None:
        ranks = {each: tensor.shape[1] for each, tensor in tensors.items() if "lora_B" in each and tensor.ndim > 1}
        own = {k.removeprefix(f"{part}."): v for k, v in (lora.alphas or {}).items() if k.startswith(f"{part}.")}
        alphas = {each: own[each] for each in own} or None
        settings = get_peft_kwargs(ranks, alphas, tensors, is_unet=False)
    inject_adapter_in_model(LoraConfig(**settings), module, name, low_cpu_mem_usage=True, state_dict=tensors)
    set_peft_model_state_dict(module, tensors, name, low_cpu_mem_usage=True)


def _activate(module: nn.Module, name: str, strength: float) -> None:
    """Let a LoRA count with a strength, beside all that were applied before."""
    for layer in _tuned(module):
        layer.set_adapter(list(layer.scaling))
        if name in layer.scaling:
            layer.set_scale(name, strength)


def _tuned(module: nn.Module) -> Iterator[Any]:
    return (layer for layer in module.modules() if isinstance(layer, BaseTunerLayer))
