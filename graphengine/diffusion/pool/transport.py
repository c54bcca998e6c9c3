"""Moving modules between the host and a device."""

from dataclasses import dataclass
from typing import Protocol

import torch

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.loaded import Loaded, move, place

_ONE_MEMORY = {"cpu", "mps"}  # devices that compute in the host's memory


class Transport(Protocol):
    """The way between two memories; one thing at a time goes over it."""

    @property
    def apart(self) -> bool:
        """Whether the device has memory of its own."""
        ...

    def bring(self, loaded: Loaded, dtype: torch.dtype) -> None:
        """Move modules to the device, in the number format ``dtype`` and ready to be called.

        Raises:
            OutOfMemory: there is no room; it may be tried again.
        """
        ...

    def stow(self, loaded: Loaded) -> None:
        """Move modules from the device to the host.

        Raises:
            OutOfMemory: there is no room; the modules are of no use any more.
        """
        ...

    def tidy(self) -> None:
        """Give memory that nothing lies in any more back to the device, for other processes."""
        ...

    def most(self) -> int:
        """Return the bytes that lay on the device at most since the last time this was asked; 0 unless ``apart``."""
        ...

    def capacity(self) -> int:
        """Return the bytes that the device has in all; 0 unless ``apart``."""
        ...


@dataclass(frozen=True)
class TorchTransport:
    """The way to a device of torch, and back."""

    device: torch.device

    @property
    def apart(self) -> bool:
        """Whether the device has memory of its own."""
        return self.device.type not in _ONE_MEMORY

    def bring(self, loaded: Loaded, dtype: torch.dtype) -> None:
        """See :class:`Transport`."""
        with memory_guard("moving a model to its device"):
            place(loaded, self.device, dtype)
            if self.apart:
                torch.accelerator.synchronize(self.device)  # other threads use it, and the time is measured

    def stow(self, loaded: Loaded) -> None:
        """See :class:`Transport`."""
        with memory_guard("moving a model to the host's memory"):
            move(loaded, torch.device("cpu"))

    def tidy(self) -> None:
        """See :class:`Transport`."""
        if self.apart:
            torch.accelerator.empty_cache()

    def most(self) -> int:
        """See :class:`Transport`."""
        if not self.apart:
            return 0
        peak: int = torch.accelerator.max_memory_allocated(self.device)
        torch.accelerator.reset_peak_memory_stats(self.device)
        return peak

    def capacity(self) -> int:
        """See :class:`Transport`."""
        return torch.accelerator.get_memory_info(self.device)[1] if self.apart else 0
