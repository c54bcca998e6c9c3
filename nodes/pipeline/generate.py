"""Pictures and videos by a whole pipeline."""

import json
from typing import Annotated

import torch
from pydantic import Field, JsonValue

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.pipelines import Order, made
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.refs import PipelineRef
from graphengine.errors import NodeError
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Multiline, Slider
from graphengine.types.builtin import Seed

Side = Annotated[int, Field(ge=0, le=16384), Slider(0, 2048, 8)]


@node(
    "pipeline.generate",
    category="pipeline",
    lane="gpu",
    title="Generate by pipeline",
    aliases=("Diffusers", "Pipeline", "Text to video", "Text to image"),
)
def generate(
    pipeline: PipelineRef,
    prompt: Annotated[str, Multiline()] = "",
    negative_prompt: Annotated[str, Multiline()] = "",
    seed: Seed = Seed(0),
    image: Image | None = None,
    mask: Mask | None = None,
    video: Image | None = None,
    width: Side = 0,
    height: Side = 0,
    frames: Annotated[int, Field(ge=0, le=10_000), Slider(0, 161, 1)] = 0,
    batch: Annotated[int, Field(ge=1, le=64), Slider(1, 8, 1)] = 1,
    steps: Annotated[int, Field(ge=0, le=1000), Slider(0, 100, 1)] = 0,
    cfg: Annotated[float, Field(ge=-1, le=100), Slider(-1, 20, 0.1)] = -1.0,
    denoise: Annotated[float, Field(ge=0, le=1), Slider(0, 1, 0.01)] = 0.0,
    options: Annotated[str, Multiline()] = "",
    *,
    pool: ModelPool = injected,
    context: Context = injected,
) -> Image:
    """Make pictures, or the frames of a video, by a whole pipeline of diffusers.

    What it takes and does is told by its own documentation. It samples and decodes by itself: samplers, adapters and
    previews of this program have no part in it. What is left empty, or at the value that means *its own*, is left to
    the pipeline.

    Inputs:
        pipeline: any that makes pictures.
        prompt, negative_prompt: what to show, and what not.
        seed: of the first picture; each further one of a batch has the next.
        image: to go on from, or to follow; one picture.
        mask: what of the picture is made anew (``mask_image``).
        video: frames to go on from.
        width, height: of what is made, in pixels; 0 is the pipeline's own.
        frames: how many, of a video (``num_frames``); 0 is the pipeline's own.
        batch: how many pictures.
        steps: ``num_inference_steps``; 0 is the pipeline's own.
        cfg: ``guidance_scale``; -1 is the pipeline's own.
        denoise: how much is made anew (``strength``); 0 is the pipeline's own.
        options: further arguments by their names, as a JSON object, such as ``{"max_sequence_length": 256}``.

    Outputs:
        image: the pictures, or the frames in their order.

    Errors: the pipeline does not take something that was given, lacks something that it needs, or makes no pictures.

    Source: diffusers.
    """
    chosen: dict[str, JsonValue] = {
        "negative_prompt": negative_prompt or None,
        "width": width or None,
        "height": height or None,
        "num_frames": frames or None,
        "num_inference_steps": steps or None,
        "guidance_scale": cfg if cfg >= 0 else None,
        "strength": denoise or None,
    }
    named = {name: value for name, value in chosen.items() if value is not None} | _options(options)
    with pool.use(pipeline) as parts, torch.no_grad(), memory_guard("running a pipeline"):
        return made(parts, Order(prompt, named, image, mask, video, batch, seed), context.progress)


def _options(text: str) -> dict[str, JsonValue]:
    """Return the object in a text.

    Raises:
        NodeError: there is none.
    """
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise NodeError(f"the options are not JSON: {error}", hint='Write them as {"name": value}.') from error
    if not isinstance(found, dict):
        raise NodeError("the options are no JSON object", hint='Write them as {"name": value}.')
    return found
