"""Where modules live and in which number format, and what happens when there is no room."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from graphengine.diffusion.types.refs import DTypeName
from graphengine.errors import OutOfMemory, SettingsRefused

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def choose_device(name: str = "auto") -> torch.device:
    """Return the device called ``name``; ``auto`` is a CUDA device, else Apple's, else the CPU.

    Raises:
        SettingsRefused: this machine has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    there = _available()
    if not {name, f"{name}:0", name.removesuffix(":0")}.intersection(there):
        raise SettingsRefused(f"there is no device {name!r}", hint=f"There is {', '.join(there)}.")
    return torch.device(name)


def _available() -> list[str]:
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if accelerator is None:
        return ["cpu"]
    return ["cpu", *(f"{accelerator.type}:{index}" for index in range(torch.accelerator.device_count()))]


def choose_dtype(name: DTypeName, device: torch.device, half: torch.dtype = torch.float16) -> torch.dtype:
    """Return the number format called ``name``; ``auto`` is half precision on accelerators, else fp32.

    Args:
        half: which half precision; fp32 says that fp16 is not enough, even where it is asked for.
    """
    if name == "auto":
        return torch.float32 if device.type == "cpu" else half
    dtype = _DTYPES[name]
    return half if (dtype, half) == (torch.float16, torch.float32) else dtype


def hardware_of(device: torch.device) -> str:
    """Return what computes: the name of a card, or which instructions of a CPU are used, such as ``AVX2``."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return torch.backends.cpu.get_cpu_capability() if device.type == "cpu" else platform.processor() or device.type


@contextmanager
def memory_guard(doing: str) -> Iterator[None]:
    """Turn every way in which torch and Python say "no memory" into one error.

    Args:
        doing: what is being done, for the message: "decoding the latent".

    Raises:
        OutOfMemory: there was no room.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _no_room(doing) from error
    except RuntimeError as error:
        if "allocate memory" not in str(error):  # the CPU allocator has no exception class of its own
            raise
        raise _no_room(doing) from error


def _no_room(doing: str) -> OutOfMemory:
    return OutOfMemory(
        f"out of memory while {doing}",
        hint="Use a smaller picture or batch, tiling, or a smaller number format.",
    )
