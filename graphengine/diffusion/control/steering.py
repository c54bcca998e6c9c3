"""Denoisers that follow pictures (Zhang et al., Adding Conditional Control to Text-to-Image Diffusion Models, 2023)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from torch import Tensor

from graphengine.diffusion.control.guides import MIDDLE, Told, guide_of
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import Control


@dataclass(frozen=True)
class LentControl:
    """A control with its network."""

    control: Control
    network: Any


@contextmanager
def lent_controls(pool: ModelPool, controls: Sequence[Control]) -> Iterator[tuple[LentControl, ...]]:
    """Lend the networks of controls for the length of a ``with`` block.

    Raises:
        ModelRefused: one cannot be loaded.
        OutOfMemory: there is no room.
    """
    with ExitStack() as stack:
        yield tuple(LentControl(each, stack.enter_context(pool.use(each.network)).module) for each in controls)


class Steered:
    """A denoiser with controls, for one sampling.

    Attributes:
        denoiser: what to call; without controls it is the one that came.

    Args:
        denoiser: the denoiser.
        controls: what it shall follow.
        latent: what is sampled.
        first: the number of its first picture in the whole batch.

    Raises:
        NodeError: there are neither one nor as many pictures as are sampled, or a network is for another denoiser or
            takes no pictures of the size.
    """

    def __init__(self, denoiser: Denoiser, controls: Sequence[LentControl], latent: Latent, first: int = 0) -> None:
        self._guides = [guide_of(each.control, each.network, denoiser.module, latent, first) for each in controls]
        self._steered: list[SteeredUNet] = []
        self.denoiser = self.also(denoiser)

    def also(self, denoiser: Denoiser) -> Denoiser:
        """Return another denoiser of the same sampling with the same controls."""
        if not self._guides:
            return denoiser
        self._steered.append(SteeredUNet(denoiser.module))
        return replace(denoiser, module=self._steered[-1])

    def watching(
        self, predict: Callable[[Tensor, Tensor], Tensor], begin: int, total: int
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """Return ``predict``, which is called once for each evaluation from ``begin`` to ``total``."""
        if not self._guides:
            return predict
        steps = iter(range(begin, total))

        def watched(latents: Tensor, timestep: Tensor) -> Tensor:
            step = next(steps)
            for unet in self._steered:
                unet.guides = [each for each in self._guides if each.counts(step, total)]
            return predict(latents, timestep)

        return watched


class Teller(Protocol):
    """Tells a UNet something about pictures."""

    def tell(self, rows: Tensor, timestep: Tensor, texts: Tensor, settings: Mapping[str, Any]) -> Told:
        """Return what is added to its states when it is called with these."""
        ...


class SteeredUNet:
    """A UNet to its callers, which adds to its states what is told.

    Attributes:
        guides: who tells; they may be others at each call.
    """

    def __init__(self, unet: Any) -> None:
        self._unet = unet
        self.guides: Sequence[Teller] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._unet, name)

    def __call__(self, rows: Tensor, timestep: Tensor, encoder_hidden_states: Tensor, **settings: Any) -> Any:
        """Call the UNet."""
        told: dict[str, Sequence[Tensor]] = {}
        for guide in self.guides:
            for name, states in guide.tell(rows, timestep, encoder_hidden_states, settings).items():
                before = told.get(name)
                told[name] = states if before is None else [a + b for a, b in zip(before, states, strict=True)]
        more = {name: [state.to(rows.dtype) for state in states] for name, states in told.items()}
        if MIDDLE in more:
            settings[MIDDLE] = more.pop(MIDDLE)[0]
        return self._unet(rows, timestep, encoder_hidden_states=encoder_hidden_states, **settings, **more)
