"""The parts of a sampling, as values: noise levels, where noise comes from, the solver, and the guidance."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from graphengine.diffusion.samplers import SamplerName
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.tensors import TensorValue, require

GuiderKind = Literal["cfg", "cfg_rescale", "cfg_zero_star", "apg", "tcfg", "magnitude"]


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Sigmas(TensorValue):
    """Noise levels to walk down: the standard deviation of the noise in units of the picture's (Karras et al. 2022).

    Attributes:
        values: fp32 of shape [steps + 1], falling; the last may be 0, which is no noise.

    Raises:
        ValueError: there are fewer than two, or they do not fall to 0 or above.
    """

    values: Tensor

    def __post_init__(self) -> None:
        require(self.values, "noise levels", None)
        falling = bool((self.values[1:] < self.values[:-1]).all())
        if len(self.values) < 2 or not falling or not 0 <= self.values[-1] <= self.values[0] < float("inf"):
            raise ValueError(f"noise levels must fall, to 0 or above, in at least one step: {self.values.tolist()}")


@dataclass(frozen=True, slots=True)
class NoiseRef:
    """Where the noise of a sampling comes from.

    Attributes:
        seed: of the first picture; each further one has the next. Steps that draw noise draw from it too.
        adds: whether a sampling begins with adding noise; not, where another has left some.
    """

    seed: int
    adds: bool = True


@dataclass(frozen=True, slots=True)
class SamplerRef:
    """A sampler by its name."""

    name: SamplerName


@dataclass(frozen=True, slots=True)
class Weakening:
    """How a model is weakened, to lead away from what it predicts then.

    Attributes:
        kind: what its chosen blocks leave away: the mixing of places in their self-attention, or all that they do.
        scale: how far it leads away; 0 is not at all.
        layers: the blocks, by their numbers from 0 or by parts of their names, with commas between; empty means those
            in the middle.
        start, end: when it counts, as parts of the steps from noise (0) to the picture (1).
    """

    kind: Literal["attention", "layers"]
    scale: float
    layers: str = ""
    start: float = 0.0
    end: float = 1.0

    def counts(self, step: int, total: int) -> bool:
        """Whether it counts at a step of so many, from 0."""
        return total * self.start <= step < total * self.end


@dataclass(frozen=True, slots=True)
class Guider:
    """How predictions are made one.

    Attributes:
        positive, negative: what the picture shall and shall not show.
        scale: of the guidance; 1 is none.
        kind: the formula.
        amount: of what is special to the formula, 0 to 1.
        weakenings: what else predictions are led away from; each is one more forward of the network.
    """

    positive: Conditioning
    negative: Conditioning
    scale: float
    kind: GuiderKind = "cfg"
    amount: float = 0.0
    weakenings: tuple[Weakening, ...] = ()

    __hash__ = None  # type: ignore[assignment]  # holds tensors
