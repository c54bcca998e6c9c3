"""How far away what a picture shows is, told by a network."""

from typing import Annotated

import torch
from pydantic import Field

from graphengine.diffusion.depth_models import predicted
from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.depth import DepthMap
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import DepthModelRef
from graphengine.errors import NodeError
from graphengine.node.context import Context
from graphengine.node.declare import injected, node

Distance = Annotated[float, Field(gt=0, le=1e6)]

_NEAREST = 1e-3


@node(
    "depth.estimate",
    category="depth",
    title="Estimate depth",
    lane="gpu",
    aliases=("Depth Anything", "DPT", "MiDaS", "Depth map"),
)
def estimate(
    depth_model: DepthModelRef,
    image: Image,
    near: Distance = 1.0,
    far: Distance = 10.0,
    *,
    pool: ModelPool = injected,
    context: Context = injected,
) -> DepthMap:
    """Estimate how far away what pictures show is.

    Inputs:
        depth_model: DPT, Depth Anything, or one that was trained here.
        image: any size; alpha is ignored.
        near, far: the distances of the nearest and the furthest place of each picture. Most models tell only the order
            of things, evenly in 1/distance; those that tell metres are taken at their word, and these do not count.

    Outputs:
        depth: a map of the size of the picture.

    Errors: ``far`` is not beyond ``near``.

    Source: Ranftl et al., Vision Transformers for Dense Prediction (2021); Yang et al., Depth Anything (2024); by
        transformers.
    """
    if not far > near:
        raise NodeError(f"far ({far:g}) is not beyond near ({near:g})", hint="Give the larger distance as far.")
    maps = []
    with pool.use(depth_model) as network, torch.no_grad(), memory_guard("estimating depth"):
        for done, pixels in enumerate(image.pixels[..., :3], start=1):
            told = predicted(network, pixels)
            if network.metric:
                maps.append(told.clamp_min(_NEAREST))
            else:
                low, high = told.min(), told.max()
                share = (told - low) / (high - low).clamp_min(torch.finfo(torch.float32).tiny)
                maps.append(1 / (1 / far + share * (1 / near - 1 / far)))
            context.progress(done, image.batch)
    return DepthMap(torch.stack(maps))
