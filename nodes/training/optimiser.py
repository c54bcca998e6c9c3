"""How weights are moved."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.types.optimiser import Optimiser, Precision, Schedule
from graphengine.node.declare import node


@node("training.optimiser", category="training", title="Optimiser", lane="io", aliases=("AdamW", "Learning rate"))
def optimiser(
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.01,
    clip: Annotated[float, Field(gt=0, le=1000)] = 1.0,
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.999,
    warmup: Annotated[int, Field(ge=0, le=1_000_000)] = 200,
    schedule: Schedule = "cosine",
    precision: Precision = "auto",
) -> Optimiser:
    """Say how a training moves weights, beyond its learning rate.

    Inputs:
        weight_decay: how fast weights shrink on their own, decoupled from the gradient.
        clip: the largest norm of the whole gradient; what is longer is shortened.
        ema: how much of the moving averages of the weights stays at each step; they are what comes out.
        warmup: steps over which the learning rate rises, at most a tenth of them all.
        schedule: how it goes on from there: to zero along a ``cosine`` or ``linear``, or ``constant``.
        precision: of what is computed, never of the weights: ``auto`` is bfloat16 on an accelerator, fp32 on the CPU.

    Outputs:
        optimiser: for the nodes that train.

    Source: Loshchilov & Hutter, Decoupled Weight Decay Regularization (2019); Polyak & Juditsky, Acceleration of
    Stochastic Approximation by Averaging (1992).
    """
    return Optimiser(weight_decay, clip, ema, warmup, schedule, precision)
