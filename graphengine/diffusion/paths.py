"""Paths between picture and noise: how a model's training mixed both, asked of a scheduler of diffusers."""

from typing import Any, Protocol

from torch import Tensor

from graphengine.diffusion.preview import estimate_clean
from graphengine.models.prediction import Prediction


class Path(Protocol):
    """How picture and noise are mixed on the way."""

    def begun(self, noise: Tensor) -> Tensor:
        """Return the state from which nothing but noise is known."""
        ...

    def noised(self, clean: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
        """Return clean latents with the noise that belongs to ``timestep``, of shape [1]."""
        ...

    def seen(self, state: Tensor, timestep: Tensor) -> Tensor:
        """Return a state as the network wants to see it."""
        ...

    def clean(self, seen: Tensor, output: Tensor, timestep: Tensor) -> Tensor:
        """Estimate the latents without noise from what the network saw and predicted."""
        ...

    def is_noise(self, timestep: Tensor) -> bool:
        """Whether nothing of a picture is left at ``timestep``."""
        ...

    def stretch(self, sigma: float) -> float:
        """Return by what a state at a noise level is larger than on a link, where it has a clean one's variance."""
        ...


class DiffusionPath:
    """Noise is added, and the sum scaled or not as the solver likes it (Ho et al. 2020; Karras et al. 2022)."""

    def __init__(self, scheduler: Any, prediction: Prediction) -> None:
        self._scheduler, self._prediction = scheduler, prediction

    def begun(self, noise: Tensor) -> Tensor:
        """See :class:`Path`."""
        result: Tensor = noise * self._scheduler.init_noise_sigma
        return result

    def noised(self, clean: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
        """See :class:`Path`."""
        result: Tensor = self._scheduler.add_noise(clean, noise, timestep)
        return result

    def seen(self, state: Tensor, timestep: Tensor) -> Tensor:
        """See :class:`Path`."""
        result: Tensor = self._scheduler.scale_model_input(state, timestep)
        return result

    def clean(self, seen: Tensor, output: Tensor, timestep: Tensor) -> Tensor:
        """See :class:`Path`."""
        return estimate_clean(seen, output, timestep, self._scheduler.alphas_cumprod, self._prediction)

    def is_noise(self, timestep: Tensor) -> bool:
        """See :class:`Path`."""
        return float(timestep) >= len(self._scheduler.alphas_cumprod) - 1 - 1e-3

    def stretch(self, sigma: float) -> float:
        """See :class:`Path`: some solvers let the noise add to the variance; others keep it."""
        return 1.0 if self._scheduler.init_noise_sigma == 1 else float((1 + sigma**2) ** 0.5)


class FlowPath:
    """A straight line from the picture to the noise (flow matching, Lipman et al. 2023; Liu et al. 2023)."""

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        self._trained = int(scheduler.config.num_train_timesteps)

    def begun(self, noise: Tensor) -> Tensor:
        """See :class:`Path`."""
        return noise

    def noised(self, clean: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
        """See :class:`Path`."""
        if hasattr(self._scheduler, "scale_noise"):
            result: Tensor = self._scheduler.scale_noise(clean, timestep, noise)
        else:
            result = self._scheduler.add_noise(clean, noise, timestep)
        return result

    def seen(self, state: Tensor, timestep: Tensor) -> Tensor:
        """See :class:`Path`."""
        del timestep
        return state

    def clean(self, seen: Tensor, output: Tensor, timestep: Tensor) -> Tensor:
        """See :class:`Path`: the network predicts the way from the picture to the noise."""
        return seen - output * (timestep / self._trained)

    def is_noise(self, timestep: Tensor) -> bool:
        """See :class:`Path`."""
        return float(timestep) >= self._trained * (1 - 1e-6)

    def stretch(self, sigma: float) -> float:
        """See :class:`Path`: there is no other form of a state."""
        del sigma
        return 1.0


def path_of(scheduler: Any, prediction: Prediction) -> Path:
    """Return the path that a model was trained on."""
    return FlowPath(scheduler) if prediction == "flow" else DiffusionPath(scheduler, prediction)
