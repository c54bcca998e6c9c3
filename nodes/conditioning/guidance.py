"""What models that were distilled with guidance are told."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node(
    "conditioning.guidance",
    category="conditioning",
    title="Distilled guidance",
    aliases=("FluxGuidance", "Guidance embedding", "True CFG"),
)
def guidance(
    conditioning: Conditioning, scale: Annotated[float, Field(ge=0, le=100), Slider(1, 10, 0.1)] = 3.5
) -> Conditioning:
    """Tell a model that was distilled with guidance its scale by the text, and not by the sampling.

    Without this node the guidance scale of the sampling is what such a model (Flux.1 dev) is told, and it reads no
    negative text. With it, that of the sampling is classifier-free guidance beside: at 1 there is none, and above 1 the
    negative text counts, for twice the time. Other models do not look at it.

    Inputs:
        conditioning: the positive text.
        scale: what the model is told; Flux.1 dev is made for about 3.5.

    Source: Meng et al., On Distillation of Guided Diffusion Models (2023).
    """
    return replace(conditioning, entries=tuple(replace(each, guidance=scale) for each in conditioning.entries))
