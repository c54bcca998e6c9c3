"""The libraries of the wing print bars and advice of their own; progress and problems are the engine's to tell."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging


def quiet_libraries() -> None:
    """Keep diffusers, transformers and peft from writing to the terminal, except errors; for the whole process."""
    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=UserWarning, module="peft")


@contextmanager
def without_advice() -> Iterator[None]:
    """Keep transformers from writing advice to the terminal for a while."""
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)
