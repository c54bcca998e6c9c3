"""Making modules, which loaders cannot do beside others."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_LOCK = threading.Lock()


@contextmanager
def construction() -> Iterator[None]:
    """Hold this while any module of the process is made: one thread at a time, and no harm to those that compute.

    Loaders replace functions of ``torch.nn`` for a moment, process-wide: a module made beside them would come out
    without memory. They also set torch's default number format process-wide, and with it what others compute: in
    this block that has no effect, so whoever makes modules says in which format, and casts them when they are made.
    """
    with _LOCK:
        thread, names = threading.get_ident(), vars(torch)
        set_for_all = names["set_default_dtype"]

        def set_by_others(dtype: torch.dtype) -> None:
            if threading.get_ident() != thread:
                set_for_all(dtype)

        names["set_default_dtype"] = set_by_others
        try:
            yield
        finally:
            names["set_default_dtype"] = set_for_all


@contextmanager
def seeded_construction(seed: int) -> Iterator[None]:
    """Hold this while a module with random weights is made: they come from the seed, and nobody else's numbers change.

    Both take the lock: a model that is loaded meanwhile would spoil the module and the numbers.
    """
    with construction(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
