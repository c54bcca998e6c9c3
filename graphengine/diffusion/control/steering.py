"""Denoisers that follow pictures (Zhang et al., Adding Conditional Control to Text-to-Image Diffusion Models, 2023)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from torch import Tensor

from graphengine.diffusion.control.guides import MIDDLE, Told, guide_of
from graphengine.diffusion.control.ip_adapters import PicturePrompt
from graphengine.diffusion.control.prompting import looking, reading, seen, weigh
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


def equipped(denoiser: Denoiser, controls: Sequence[LentControl]) -> Denoiser:
    """Return a denoiser with the layers that its controls need in it; it may be weakened then, and is steered last.

    Raises:
        NodeError: an IP-Adapter is for another denoiser.
    """
    _, looked = _apart(controls)
    return reading(denoiser, [each.network for each in looked])


def _apart(controls: Sequence[LentControl]) -> tuple[list[LentControl], list[LentControl]]:
    """Return those that tell a denoiser of pictures, and those by which it looks at them itself."""
    looked = [each for each in controls if isinstance(each.network, PicturePrompt)]
    return [each for each in controls if each not in looked], looked


class Steered:
    """A denoiser with controls, for one sampling.

    Attributes:
        denoiser: what to call; without controls it is the one that came.

    Args:
        denoiser: the denoiser, as :func:`equipped` has made it.
        controls: what it shall follow.
        latent: what is sampled.
        first: the number of its first picture in the whole batch.

    Raises:
        NodeError: there are neither one nor as many pictures as are sampled, or a network is for another denoiser or
            takes no pictures of the size.
    """

    def __init__(self, denoiser: Denoiser, controls: Sequence[LentControl], latent: Latent, first: int = 0) -> None:
        told, looked = _apart(controls)
        self._guides = [guide_of(each.control, each.network, denoiser.module, latent, first) for each in told]
        self._pictures = [seen(each.control, each.network, first, latent.batch) for each in looked]
        self._reading: list[Any] = []
        self._steered: list[SteeredUNet] = []
        self.denoiser = self.also(denoiser)

    def also(self, denoiser: Denoiser) -> Denoiser:
        """Return another denoiser of the same sampling with the same controls."""
        if self._pictures:
            self._reading.append(denoiser.module)
        shown = looking(denoiser, self._pictures)
        if not self._guides:
            return shown
        self._steered.append(SteeredUNet(denoiser.module))
        return replace(shown, module=self._steered[-1])

    def watching(
        self, predict: Callable[[Tensor, Tensor], Tensor], begin: int, total: int
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """Return ``predict``, which is called once for each evaluation from ``begin`` to ``total``."""
        if not (self._guides or self._pictures):
            return predict
        steps = iter(range(begin, total))

        def watched(latents: Tensor, timestep: Tensor) -> Tensor:
            step = next(steps)
            for unet in self._steered:
                unet.guides = [each for each in self._guides if each.control.counts(step, total)]
            for unet in self._reading:
                weigh(unet, [each.control.amount_at(step, total) for each in self._pictures])
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
