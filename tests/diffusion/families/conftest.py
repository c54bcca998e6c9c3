"""What the tests of families share: tiny models."""

from tiny_families import base, make_tiny, refiner
from tiny_models import make_model, model, quiet, velocity_model

__all__ = ["base", "make_model", "make_tiny", "model", "quiet", "refiner", "velocity_model"]
