"""How a training moves weights, beyond how far and how often."""

from dataclasses import dataclass
from typing import Literal

Schedule = Literal["cosine", "linear", "constant"]
"""How the learning rate goes on after its warm-up: down to zero along half a cosine or a line, or not at all."""

Precision = Literal["auto", "float32", "bfloat16"]
"""The number format that a training computes in; its weights are fp32."""


@dataclass(frozen=True, slots=True)
class Optimiser:
    """The finer settings of AdamW (Loshchilov & Hutter 2019) and of what comes out.

    Attributes:
        weight_decay: decoupled from the gradient.
        clip: the largest norm of the whole gradient.
        ema: decay of the moving averages of the weights, which are what comes out.
        warmup: steps over which the learning rate rises, at most a tenth of them all.
        schedule: how it goes on from there.
        precision: of what is computed.
    """

    weight_decay: float = 0.01
    clip: float = 1.0
    ema: float = 0.999
    warmup: int = 200
    schedule: Schedule = "cosine"
    precision: Precision = "auto"
