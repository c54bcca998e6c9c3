"""Enlarging with what was trained."""

import torch

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.upscaler import UPSCALER, upscaler_from
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.context import Context
from graphengine.node.declare import injected, node


@node("training.enlarge", category="training", title="Enlarge with trained weights", lane="gpu")
def enlarge(image: Image, weights: Weights, *, pool: ModelPool = injected, context: Context = injected) -> Image:
    """Make pictures larger with an upscaler that was trained in the same workflow.

    Inputs:
        image: any size; alpha is left away.
        weights: of an upscaler.

    Outputs:
        image: 2, 3 or 4 times as wide and high, as the upscaler was trained.

    Errors: the weights are of something else.
    """
    if weights.kind != UPSCALER:
        raise NodeError(f"these are the weights of {weights.kind}, not of an upscaler", hint="Link an upscaler.")
    try:
        network = upscaler_from(weights.tensors).to(pool.device)
    except ValueError as error:
        raise NodeError(str(error)) from error
    made = []
    with torch.inference_mode():
        for done, picture in enumerate(image.pixels[..., :3].permute(0, 3, 1, 2), start=1):
            made.append(network(picture[None].to(pool.device)).clamp(0, 1).cpu())
            context.progress(done, image.batch)
    return Image(torch.cat(made).permute(0, 2, 3, 1).contiguous())
