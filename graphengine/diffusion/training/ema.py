"""An exponential moving average of weights (Polyak & Juditsky 1992; for diffusion: Ho et al. 2020)."""

import torch
from torch import Tensor, nn


class MovingAverage:
    """Averages of a module's parameters, in fp32, updated after every optimiser step.

    The decay warms up as (1 + n) / (10 + n), so that early averages are not dominated by the random start.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._decay = decay
        self.weights: dict[str, Tensor] = {
            name: weight.detach().clone() for name, weight in module.state_dict().items()
        }

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Move the averages towards the module's weights; `step` counts from zero."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for name, weight in module.state_dict().items():
            average = self.weights[name]
            if average.is_floating_point():
                average.lerp_(weight, 1 - decay)
            else:
                average.copy_(weight)

    def load(self, weights: dict[str, Tensor]) -> None:
        """Take over averages that were saved."""
        for name, average in self.weights.items():
            average.copy_(weights[name])
