"""What the pool hands out: modules with what is needed to call them."""

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Protocol, TypeVar, cast

import torch
from diffusers import ModelMixin
from torch import nn

from graphengine.diffusion.preview import Preview
from graphengine.diffusion.types.latent import LatentSpec

Frames = Literal["none", "beside", "held"]


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
        time_per_token: whether it is told a time for each of its tokens.
        frames: how it takes frames of a video that are given: not at all, beside the latents, or in their place.
        looks: returns what a UNet is told of pictures beside the text, from how many of the first conditionings say
            what is not wanted, and how many others there are.
    """

    module: Any
    scheduler: Mapping[str, Any]
    preview: Preview
    takes_guidance: bool = False
    takes_surroundings: bool = False
    time_per_token: bool = False
    frames: Frames = "none"
    looks: Callable[[int, int], Mapping[str, Any]] | None = None

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        device: torch.device = self.module.device
        return device

    @property
    def dtype(self) -> torch.dtype:
        """The number format of the network."""
        dtype: torch.dtype = next(self.module.parameters()).dtype
        return dtype

    def trained(self, changes: Mapping[str, Any]) -> "Denoiser":
        """Return it with changes to the noise schedule of its training."""
        return replace(self, scheduler={**self.scheduler, **changes}) if changes else self

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The network."""
        return (self.module,)


@dataclass(frozen=True)
class TextStack:
    """Text encoders with their tokenizers, which are not re-entrant: hold ``lock`` while calling one.

    Attributes:
        empties: whether an empty text is zeros to the denoiser.
        longest: the tokens that an encoder reads at once which could read any number.
        width: of the tokens that the denoiser takes, where not all encoders may be there.
    """

    encoders: tuple[Any, ...]
    tokenizers: tuple[Any, ...]
    empties: bool = False
    longest: int = 0
    width: int = 0
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
        scale: latent = (encoded - shift) · scale; one number, or one for each channel.
        shift: see ``scale``.
        patch: see :class:`~graphengine.diffusion.types.latent.LatentSpec`.
    """

    module: Any
    stride: int
    scale: float | torch.Tensor
    shift: float | torch.Tensor
    patch: int = 1

    @property
    def spec(self) -> LatentSpec:
        """The form of its latents."""
        return LatentSpec(self.module.config.latent_channels, self.stride, self.patch)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the pixels [batch, 3, height, width] of latents, from -1 to 1."""
        values = self._near(latents)
        pixels: torch.Tensor = self.module.decode(values / self.scale + self.shift, return_dict=False)[0]
        return pixels.float().cpu()

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the latents of pixels [batch, 3, height, width] from -1 to 1: the mode, where there is chance."""
        found = self.module.encode(self._near(pixels))
        values: torch.Tensor = found.latent_dist.mode() if hasattr(found, "latent_dist") else found.latents
        return ((values - self.shift) * self.scale).float().cpu()

    def _near(self, values: torch.Tensor) -> torch.Tensor:
        """Bring values to where the autoencoder is, in its number format."""
        return values.to(self.module.device, self.module.dtype)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The autoencoder."""
        return (self.module,)


@dataclass(frozen=True)
class PictureNetwork:
    """A network from pictures to pictures: an upscaler, or one that restores.

    Attributes:
        module: the network.
        apply: from pictures [1, channels, height, width] in 0..1 of any size, in the format and on the device of the
            network, to ones whose sides are ``scale`` times as long, in 0..1.
        scale: how many times longer the sides become; 1 for what restores.
        channels: how many it takes: 3, or 1 for grey, or 4 with alpha.
        tiles: whether parts of a picture can be made for themselves.
    """

    module: nn.Module
    apply: Callable[[torch.Tensor], torch.Tensor]
    scale: int
    channels: int = 3
    tiles: bool = True

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The network."""
        return (self.module,)


@dataclass(frozen=True)
class DepthNetwork:
    """A network that tells depth, with what makes pictures its inputs; that is not re-entrant: hold ``lock`` for it.

    Attributes:
        module: of transformers, or one that was trained here.
        processor: from pictures to what the network takes, and from what it gives to the size of the pictures; what was
            trained here needs none.
        metric: whether it tells metres; else something that is affine in 1/distance.
    """

    module: Any
    processor: Any
    metric: bool
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The network."""
        return (self.module,)


@dataclass(frozen=True)
class ImageEncoder:
    """A network that tells what a picture shows.

    Attributes:
        module: a CLIP vision model of transformers.
    """

    module: Any

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The network."""
        return (self.module,)


@dataclass(frozen=True)
class FrameNetwork:
    """A network that sees what moves between two pictures.

    Attributes:
        module: see :class:`graphengine.diffusion.video.ifnet.FlowNetwork`.
    """

    module: Any

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The network."""
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


@dataclass(frozen=True)
class PipelineParts:
    """A pipeline of diffusers; it is not re-entrant: hold ``lock`` while it is called.

    Attributes:
        pipeline: with all its parts.
    """

    pipeline: Any
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The parts that are networks, by their names."""
        parts = sorted(self.pipeline.components.items())
        return tuple(part for _, part in parts if isinstance(part, nn.Module))


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
        exact = _exact(module)
        if exact and dtype != torch.float32:
            _place_apart(module, device, dtype, exact)
        else:
            nn.Module.to(module, device, dtype)  # the libraries' own warn about formats that they never use
        module.eval().requires_grad_(False)


def _exact(module: nn.Module) -> frozenset[str]:
    """Return the parts of a network of diffusers that lose too much in half precision, as its class says."""
    return (
        frozenset(getattr(module, "_keep_in_fp32_modules", None) or ())
        if isinstance(module, ModelMixin)
        else frozenset()
    )


def _place_apart(module: nn.Module, device: torch.device, dtype: torch.dtype, exact: frozenset[str]) -> None:
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        wanted = dtype if exact.isdisjoint(name.split(".")) else torch.promote_types(tensor.dtype, torch.float32)
        tensor.data = tensor.data.to(device, wanted if tensor.is_floating_point() else tensor.dtype)


def move(loaded: Loaded, device: torch.device) -> None:
    """Move all modules to ``device`` as they are."""
    for module in loaded.modules:
        nn.Module.to(module, device)


def missing_weights(loaded: Loaded) -> list[str]:
    """Return the names of parameters that the source did not bring."""
    return [name for module in loaded.modules for name, p in module.named_parameters() if p.is_meta]
