"""Weights of whole networks that were trained here, in place of those of the model that they were trained from."""

from collections.abc import Mapping
from dataclasses import replace

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from graphengine.diffusion.adapters.names import plain_names
from graphengine.diffusion.loaded import Autoencoder, Loaded, TextStack
from graphengine.diffusion.types.refs import Patch, WeightsRef
from graphengine.errors import ModelRefused
from graphengine.files.roots import File

SCALE = "scaling_factor"
"""The note that says by what the latents of a trained autoencoder are scaled."""


def apply_weights(ref: WeightsRef, loaded: Loaded, patch: Patch) -> Loaded:
    """Put trained weights in the place of a model's (a :data:`.patcher.Patcher`).

    The names of the tensors begin with the part: ``model.``, ``vae.``, ``text_encoder.0.`` and so on. What the file
    does not hold stays shared with the model.

    Raises:
        ModelRefused: the file holds nothing for the part, or weights of another architecture.
    """
    if patch.source is None:
        raise ModelRefused("without a file no weights can take the place of others")
    found, notes = _read(patch.source, f"{ref.part}.")
    if not found:
        raise ModelRefused(
            f"{patch.source.reference!r} holds nothing for the {ref.part}",
            hint="Choose weights that Train denoiser, Train autoencoder or Distill left.",
        )
    several = isinstance(loaded, TextStack)
    for number, module in enumerate(loaded.modules):
        start = f"{number}." if several else ""
        own = {name.removeprefix(start): each for name, each in found.items() if name.startswith(start)}
        _replace(module, own, patch.source)
    if isinstance(loaded, Autoencoder) and SCALE in notes:
        return replace(loaded, scale=float(notes[SCALE]))
    return loaded


def _read(source: File, start: str) -> tuple[Mapping[str, Tensor], Mapping[str, str]]:
    """Read the tensors whose names begin so, without that, and what lies beside them."""
    try:
        with safe_open(source.path, "pt") as file:
            names = [name for name in file.keys() if name.startswith(start)]  # noqa: SIM118 - no mapping
            tensors = {name.removeprefix(start): file.get_tensor(name) for name in names}
            return tensors, dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise ModelRefused(f"{source.reference!r} cannot be read as safetensors: {error}") from error


def _replace(module: nn.Module, found: Mapping[str, Tensor], source: File) -> None:
    layers: Mapping[str, nn.Module] = dict(module.named_modules(remove_duplicate=False))
    weights = dict(module.named_parameters(remove_duplicate=False))
    places = dict(plain_names(layers, weights))
    held = dict(module.named_buffers())
    for name, tensor in found.items():
        if name in held and name not in places:
            continue  # what no training changes
        before = weights.get(places.get(name, ""))
        if before is None or before.shape != tensor.shape:
            raise ModelRefused(
                f"{name} of {source.reference!r} has no place in the model",
                hint="Link the model that these weights were trained from.",
            )
        layer, _, attribute = places[name].rpartition(".")
        fitting = tensor.to(before.device, before.dtype)
        setattr(layers[layer], attribute, nn.Parameter(fitting, requires_grad=False))
