"""What the pool hands out: modules with what is needed to call them."""

import copy
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol, TypeVar, cast

import torch
from torch import nn

from graphengine.diffusion.preview import LinearPreview


class Loaded(Protocol):
    """Anything made of modules."""

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The modules, in a fixed order."""
        ...


@dataclass(frozen=True)
class Denoiser:
    """A denoiser, ready to be called.

    Attributes:
        module: the network.
        scheduler: the noise schedule that the model was trained with, as diffusers configures it.
        preview: from latents to small pictures.
        takes_guidance: whether the guidance scale is an input of the network (Meng et al. 2023).
        takes_surroundings: whether mask and surroundings are inputs: a model trained for inpainting.
    """

    module: Any
    scheduler: Mapping[str, Any]
    preview: LinearPreview
    takes_guidance: bool = False
    takes_surroundings: bool = False

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        device: torch.device = self.module.device
        return device

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The network."""
        return (self.module,)


@dataclass(frozen=True)
class TextStack:
    """Text encoders with their tokenizers, which are not re-entrant: hold ``lock`` while calling one."""

    encoders: tuple[Any, ...]
    tokenizers: tuple[Any, ...]
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The encoders."""
        return self.encoders


@dataclass(frozen=True)
class Autoencoder:
    """An autoencoder and the normalisation between what it makes and what its denoiser wants.

    Attributes:
        module: a diffusers autoencoder.
        stride: pixels per latent cell along each side.
        scale: latent = (encoded - shift) · scale.
        shift: see ``scale``.
    """

    module: Any
    stride: int
    scale: float
    shift: float

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The autoencoder."""
        return (self.module,)


@dataclass(frozen=True)
class ControlNetwork:
    """A network that reads a picture for a denoiser.

    Attributes:
        module: a ControlNet of diffusers.
    """

    module: Any

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The network."""
        return (self.module,)


L = TypeVar("L", bound=Loaded)


def nbytes(loaded: Loaded, dtype: torch.dtype, *, beside: Loaded | None = None) -> int:
    """Return the memory of all parameters and buffers in bytes, once they are in the number format ``dtype``.

    Args:
        beside: modules whose tensors do not count, as they are there anyway.
    """
    there = set() if beside is None else set(map(id, _tensors(beside)))
    own = (tensor for tensor in _tensors(loaded) if id(tensor) not in there)
    return sum(t.numel() * (dtype if t.is_floating_point() else t.dtype).itemsize for t in own)


def shares(loaded: Loaded, base: Loaded) -> bool:
    """Whether any tensor of ``loaded`` is one of ``base``."""
    return not set(map(id, _tensors(base))).isdisjoint(map(id, _tensors(loaded)))


def shared_copy(loaded: L) -> L:
    """Return modules of the same structure that hold the same tensors.

    What is put into the copy, or taken out of it, does not change the original; what is written into a tensor does.
    """
    tensors: dict[int, Any] = {id(tensor): tensor for tensor in _tensors(loaded)}
    own = {id(module) for module in loaded.modules}
    values = {each.name: getattr(loaded, each.name) for each in fields(cast("Any", loaded))}
    held = {name: value for name, value in values.items() if not own.isdisjoint(map(id, _parts(value)))}
    changes = {name: copy.deepcopy(value, tensors) for name, value in held.items()}
    return cast("L", replace(cast("Any", loaded), **changes))


def _parts(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _tensors(loaded: Loaded) -> Iterator[torch.Tensor]:
    return (t for module in loaded.modules for t in (*module.parameters(), *module.buffers()))


def place(loaded: Loaded, device: torch.device, dtype: torch.dtype) -> None:
    """Move all modules to ``device`` in the number format ``dtype``, for inference only."""
    for module in loaded.modules:
        nn.Module.to(module, device, dtype)  # the libraries' own warn about formats that they never use
        module.eval().requires_grad_(False)


def move(loaded: Loaded, device: torch.device) -> None:
    """Move all modules to ``device`` as they are."""
    for module in loaded.modules:
        nn.Module.to(module, device)


def missing_weights(loaded: Loaded) -> list[str]:
    """Return the names of parameters that the source did not bring."""
    return [name for module in loaded.modules for name, p in module.named_parameters() if p.is_meta]
