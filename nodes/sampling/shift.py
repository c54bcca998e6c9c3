"""Moving the noise levels of a model."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.types.refs import ModelRef
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node(
    "sampling.shift",
    category="sampling",
    title="Shift noise levels",
    aliases=("ModelSamplingSD3", "ModelSamplingFlux", "Flow shift"),
)
def shift(model: ModelRef, shift: Annotated[float, Field(gt=0, le=100), Slider(1, 12, 0.5)] = 5.0) -> ModelRef:
    """Move the noise levels of a model that predicts a flow: more of the steps are made at high noise.

    The larger what is made, the more noise it takes to hide it. No weights change.

    Inputs:
        model: of SD 3, Flux.1 or Wan.
        shift: 1 moves nothing. SD 3 was made for 3; Wan for 3 at 480 lines and 5 at 720; for Flux.1 dev it replaces
            what is found out by the size of the picture.

    Errors: the model predicts no flow.

    Source: Esser et al., Scaling Rectified Flow Transformers for High-Resolution Image Synthesis (2024), section 5.3.
    """
    if model.prediction != "flow":
        raise NodeError(
            f"the model predicts {model.prediction}, not a flow", hint="Choose another schedule for such a model."
        )
    return replace(model, shift=shift)
