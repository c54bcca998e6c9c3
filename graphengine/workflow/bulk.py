"""Much is built at once without the garbage collector looking through it again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

LARGE: Final = 1_000
"""The nodes from which on it is worth it."""


@contextmanager
def built_in_bulk(nodes: int) -> Iterator[None]:
    """Let the collector of cycles rest while a large graph is built, in which all is kept and there are no cycles.

    It would look through the whole heap about each time that this grew by a quarter, which made 10,000 nodes take twice
    as long for each as 1,000. Whoever is inside at the same time in another thread rests with it, or finds it at work
    again; in the end it is as it was.
    """
    works = gc.isenabled()
    if not works or nodes < LARGE:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
