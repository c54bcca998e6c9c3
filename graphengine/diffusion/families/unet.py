"""What the families whose denoiser is a UNet share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from graphengine.diffusion.families.family import Predict
from graphengine.diffusion.families.loading import load_network, load_scheduler_config, preview_of
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.preview import Preview
from graphengine.diffusion.types.conditioning import ConditioningEntry, of_one_length
from graphengine.diffusion.types.latent import Latent
from graphengine.errors import NodeError
from graphengine.models.built import UNET_PREFIX
from graphengine.models.source import SingleFile, Source


def load_unet(source: Source, configs: Path, dtype: torch.dtype, preview: Preview) -> Denoiser:
    """Load a UNet with its noise schedule.

    Args:
        configs: the folder that describes a single file.
        preview: for models that bring none.
    """
    changes: dict[str, Any] = {}
    if isinstance(source, SingleFile):  # those trained for inpainting take more channels than the others
        changes["in_channels"] = source.header.shapes[f"{UNET_PREFIX}input_blocks.0.0.weight"][1]
    module = load_network(UNet2DConditionModel, source, configs, "unet", UNET_PREFIX, dtype, **changes)
    return Denoiser(
        module,
        load_scheduler_config(source, configs),
        preview_of(source, preview),
        takes_guidance=module.config.time_cond_proj_dim is not None,
        takes_surroundings=module.config.in_channels != module.config.out_channels,
    )


def predict_by_unet(
    denoiser: Denoiser,
    entries: Sequence[ConditioningEntry],
    *,
    latent: Latent,
    guidance: float,
    beside: Tensor | None,
    unwanted: int,
    added: Mapping[str, Tensor] | None = None,
) -> Predict:
    """Prepare a sampling; see :meth:`graphengine.diffusion.families.family.Family.begin`.

    Args:
        added: what the denoiser is told beside the text, a row for each latent of each entry.
    """
    unet, batch = denoiser.module, latent.batch
    _check_channels(unet, beside)
    _check_width(unet, entries)
    device, dtype = denoiser.device, denoiser.dtype
    embeddings = torch.cat([rows.expand(batch, -1, -1) for rows in of_one_length(entries)]).to(device, dtype)
    width = unet.config.time_cond_proj_dim
    scale = None if width is None else _guidance_embedding(guidance, width).to(device, dtype)
    told = {name: rows.to(device, dtype) for name, rows in (added or {}).items()}
    looked = {} if denoiser.looks is None else denoiser.looks(unwanted, len(entries) - unwanted)
    more = {**told, **looked} or None

    def predict(latents: Tensor, timestep: Tensor) -> Tensor:
        seen = latents if beside is None else torch.cat([latents, beside], dim=1)
        rows = seen.to(dtype).repeat(len(entries), 1, 1, 1)
        output = unet(
            rows,
            timestep,
            encoder_hidden_states=embeddings,
            timestep_cond=scale,
            added_cond_kwargs=more,
            return_dict=False,
        )[0]
        result: Tensor = output.float().unflatten(0, (len(entries), batch))
        return result

    return predict


def _check_channels(unet: Any, beside: Tensor | None) -> None:
    """Refuse latents without the mask and the surroundings that a model trained for inpainting takes."""
    taken = unet.config.in_channels - unet.config.out_channels
    given = 0 if beside is None else beside.shape[1]
    if taken != given:
        raise NodeError(
            f"the model takes {taken} channels beside the latent, and {given} were given: it is made for inpainting",
            hint="Encode the picture together with its mask.",
        )


def _check_width(unet: Any, entries: Sequence[ConditioningEntry]) -> None:
    """Refuse texts that another encoder has read than the denoiser was trained with."""
    taken, given = unet.config.cross_attention_dim, sorted({each.embeddings.shape[-1] for each in entries})
    if isinstance(taken, int) and given != [taken]:
        raise NodeError(
            f"the text was encoded in vectors of {' and '.join(map(str, given))} numbers, the model takes {taken}",
            hint="Encode the text with the text encoder of the same model.",
        )


def _guidance_embedding(guidance: float, width: int) -> Tensor:
    """Embed the guidance scale as distilled models want it, above 1 and in thousandths: [1, width].

    Sines and cosines of geometrically falling frequencies (Vaswani et al. 2017), for Meng et al. 2023.
    """
    half = width // 2
    rates = torch.exp(torch.arange(half) * -(torch.log(torch.tensor(10000.0)) / (half - 1)))
    angles = torch.tensor((guidance - 1) * 1000) * rates
    return torch.cat([angles.sin(), angles.cos()]).unsqueeze(0)
