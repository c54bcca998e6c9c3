"""Pictures that a model follows."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import Control, ControlNetRef, ModelRef
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node(
    "control.apply",
    category="control",
    title="Apply ControlNet",
    aliases=("Apply ControlNet (advanced)", "Apply IP-Adapter"),
)
def apply(
    model: ModelRef,
    control: ControlNetRef,
    image: Image,
    strength: Annotated[float, Field(ge=0, le=10), Slider(0, 2, 0.05)] = 1.0,
    start: Annotated[float, Field(ge=0, le=1), Slider(0, 1, 0.01)] = 0.0,
    end: Annotated[float, Field(ge=0, le=1), Slider(0, 1, 0.01)] = 1.0,
) -> ModelRef:
    """Let a model follow a picture, such as one of depth or of edges; several nodes in a row add up.

    Inputs:
        model: the denoiser.
        control: what understands such pictures.
        image: what to follow: one picture for all that are sampled, or one for each. It is brought to their size;
            alpha is left away.
        strength: how much it counts; 1 is as it was trained, 0 not at all.
        start, end: when it counts, as parts of the steps from noise (0) to the picture (1).

    Outputs:
        model: the denoiser, which looks at the picture now. Its weights are as they were.

    Errors: the ControlNet is for another kind of model, or ends before it starts.

    Source: Zhang et al., Adding Conditional Control to Text-to-Image Diffusion Models (2023).
    """
    if control.variant != model.family:
        raise NodeError(
            f"the ControlNet is for models of {control.variant!r}, the model is of {model.family!r}",
            hint="Load a ControlNet that was made for this kind of model.",
        )
    if start >= end:
        raise NodeError(f"a control cannot count from {start} to {end}", hint="Let it end after it starts.")
    if not strength:
        return model
    return replace(model, controls=(*model.controls, Control(control, image, strength, start, end)))
