"""Training a ControlNet (Zhang et al. 2023): a copy of a denoiser's first half, which learns to read hints for it."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from torch import Tensor, nn

from graphengine.diffusion.control.guides import Told, told_by_controlnet
from graphengine.diffusion.control.steering import SteeredUNet
from graphengine.diffusion.families.family import Family
from graphengine.diffusion.loaded import Denoiser, shared_copy
from graphengine.diffusion.pool.construction import seeded_construction
from graphengine.diffusion.training.denoising import Batch, Denoising
from graphengine.diffusion.training.fresh import plain_attention
from graphengine.diffusion.training.material import Material
from graphengine.diffusion.types.latent import LatentSpec
from graphengine.diffusion.types.refs import ModelRef
from graphengine.errors import NodeError

CONTROLNET: Final = "controlnet"

_PUBLISHED: Final = (16, 32, 96, 256)
"""Channels of the network that reads hints, from their size to that of the latents, as it was published."""

WIDEST: Final = _PUBLISHED[-1]


@dataclass(frozen=True, slots=True)
class ControlNetRecipe:
    """What the training of a ControlNet is fed with.

    Attributes:
        batch: pictures per step.
        drop: the share of captions that are left away, so that hints are read without them too.
        snr_cap: the largest signal-to-noise ratio that adds weight (min-SNR's gamma, Hang et al. 2023); 0: all noise
            levels alike.
    """

    batch: int
    drop: float
    snr_cap: float


class ControlNetTask:
    """Denoising of pictures by a frozen denoiser that a ControlNet tells about their hints.

    It is a :class:`graphengine.diffusion.training.loop.Task`.

    Args:
        recipe: what it is fed with.
        family: of the denoiser.
        denoiser: what shall follow hints. It is shared, and stays as it is.
        model: what it is.
        network: the ControlNet, which is trained in place.
        material: to learn from, with hints.
        control: to measure on, with hints.
    """

    module: nn.Module

    def __init__(
        self,
        recipe: ControlNetRecipe,
        family: Family,
        denoiser: Denoiser,
        model: ModelRef,
        network: ControlNetModel,
        material: Material,
        control: Material,
    ) -> None:
        self.module = network
        self._recipe, self._material, self._control = recipe, material, control
        unet = shared_copy(denoiser).module
        for each in (unet, network):
            plain_attention(each, denoiser.device)
        self._steered = SteeredUNet(unet)
        self._denoising = Denoising(
            family,
            replace(denoiser, module=self._steered),
            model,
            drop=recipe.drop,
            snr_cap=recipe.snr_cap,
            bf16=denoiser.device.type != "cpu",
            show=self._show,
        )
        self._counts = False  # what it takes away is a share of the error without it
        with torch.no_grad():
            self._untrained = self._denoising.control_error(control, recipe.batch)
        self._counts = True

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Compute the weighted squared error of the prediction on one random batch."""
        return self._denoising.loss(self._material, self._recipe.batch, rng)

    def measure(self) -> dict[str, float]:
        """Tell the error on the control pictures, and which share of what it was without the ControlNet is gone."""
        error = self._denoising.control_error(self._control, self._recipe.batch)
        return {"error": error, "gain": 1 - error / self._untrained}

    def _show(self, batch: Batch) -> None:
        self._steered.guides = [_Reading(self.module, batch.hints())] if self._counts else []


@dataclass(frozen=True)
class _Reading:
    """A ControlNet that reads the hints of a batch (see :class:`~graphengine.diffusion.control.steering.Teller`)."""

    network: Any
    hints: Tensor

    def tell(self, rows: Tensor, timestep: Tensor, texts: Tensor, settings: Mapping[str, Any]) -> Told:
        return told_by_controlnet(self.network, self.hints, 1.0, rows, timestep, texts, settings)


def fresh_controlnet(unet: Any, latent: LatentSpec, width: int, seed: int) -> ControlNetModel:
    """Return a ControlNet for a denoiser: its first half, a network that reads hints, and layers of zeros behind.

    Published ControlNets have zeros behind the network that reads hints too, whose other weights make what passes
    smaller and smaller: nothing is learned of hints for thousands of steps. Here its weights keep the size of what
    passes (He et al., Delving Deep into Rectifiers, 2015), and the first step already learns from a hint.

    Args:
        unet: what it is for.
        latent: the form of its latents; hints are ``stride`` times as large.
        width: the most channels in the network that reads hints.
        seed: of that network's weights.

    Raises:
        NodeError: the denoiser is no UNet, or its latents are of a form that no ControlNet knows.
    """
    halvings = latent.stride.bit_length() - 1
    if not isinstance(unet, UNet2DConditionModel) or not 1 <= halvings < len(_PUBLISHED):
        raise NodeError(
            "ControlNets can be trained for UNets alone", hint="Link a model of Stable Diffusion 1, 2 or XL."
        )
    channels = tuple(min(width, each) for each in _PUBLISHED[-halvings - 1 :])
    with seeded_construction(seed):
        network = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=channels)
        for layer in network.controlnet_cond_embedding.modules():
            if isinstance(layer, nn.Conv2d) and layer.bias is not None:
                nn.init.kaiming_normal_(layer.weight)
                nn.init.constant_(layer.get_parameter("bias"), 0.0)
    return _prepared(network, unet.device)


def continued_controlnet(network: Any, unet: Any) -> ControlNetModel:
    """Return a copy of a ControlNet to go on from.

    Raises:
        NodeError: it is a T2I-Adapter, or for another denoiser.
    """
    if (
        not isinstance(network, ControlNetModel)
        or network.config.cross_attention_dim != unet.config.cross_attention_dim
    ):
        raise NodeError(
            "what the training shall begin with is no ControlNet for this model",
            hint="Link one that was made for this model, or none.",
        )
    return _prepared(copy.deepcopy(network), unet.device)


def config_of(network: ControlNetModel) -> str:
    """Return, as JSON, what ``diffusers.ControlNetModel`` is made with."""
    return json.dumps({name: value for name, value in network.config.items() if not name.startswith("_")})


def _prepared(network: ControlNetModel, device: torch.device) -> ControlNetModel:
    ready: ControlNetModel = torch.nn.Module.to(network, device, torch.float32).requires_grad_(True)
    return ready
