"""Guidance away from a weakened model."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.types.custom import Guider, Weakening
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Scale = Annotated[float, Field(ge=0, le=100), Slider(0, 10, 0.1)]
Part = Annotated[float, Field(ge=0, le=1), Slider(0, 1, 0.01)]


@node(
    "sampling.perturbed_attention",
    category="sampling/custom",
    title="Perturbed-attention guidance",
    aliases=("PAG",),
)
def perturbed_attention(
    guider: Guider, scale: Scale = 3.0, layers: str = "", start: Part = 0.0, end: Part = 1.0
) -> Guider:
    """Lead predictions away from those of a model that does not see how places belong together.

    Shapes become clearer, also without a negative text. It takes one more forward of the network in each step.

    Inputs:
        guider: to which it is added, whatever its formula; several nodes in a row add up.
        scale: how far away; 0 is not at all.
        layers: in which blocks self-attention leaves each place as it is: their numbers from 0, or parts of their
            names, with commas between, such as ``mid, down_blocks.2``. Empty: those in the middle.
        start, end: when it counts, as parts of the steps from noise (0) to the picture (1).

    Outputs:
        guider: for Custom sampling.

    Errors: it ends before it starts; or, when it is sampled, the model has no such blocks.

    Source: Ahn et al., Self-Rectifying Diffusion Sampling with Perturbed-Attention Guidance (2024).
    """
    return _with(guider, Weakening("attention", scale, layers, start, end))


@node("sampling.skip_layers", category="sampling/custom", title="Skip layer guidance", aliases=("SLG",))
def skip_layers(guider: Guider, scale: Scale = 2.8, layers: str = "", start: Part = 0.01, end: Part = 0.2) -> Guider:
    """Lead predictions away from those of a model some blocks of which are skipped.

    Anatomy and layout become better, mostly with transformers. It takes one more forward of the network in the steps
    in which it counts.

    Inputs:
        guider: to which it is added, whatever its formula; several nodes in a row add up.
        scale: how far away; 0 is not at all.
        layers: which blocks are skipped: their numbers from 0, or parts of their names, with commas between, such as
            ``7, 8, 9``. Empty: those in the middle; of the 24 of Stable Diffusion 3.5 these.
        start, end: when it counts, as parts of the steps from noise (0) to the picture (1).

    Outputs:
        guider: for Custom sampling.

    Errors: it ends before it starts; or, when it is sampled, the model has no such blocks.

    Source: Stability AI, Stable Diffusion 3.5 (2024); Hyung et al., Spatiotemporal Skip Guidance (2025).
    """
    return _with(guider, Weakening("layers", scale, layers, start, end))


def _with(guider: Guider, weakening: Weakening) -> Guider:
    if weakening.start >= weakening.end:
        raise NodeError(
            f"guidance cannot count from {weakening.start} to {weakening.end}", hint="Let it end after it starts."
        )
    return replace(guider, weakenings=(*guider.weakenings, weakening)) if weakening.scale else guider
