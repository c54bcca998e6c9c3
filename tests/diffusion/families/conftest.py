"""What the tests of families share: tiny models."""

from tiny_families import base, dev, make_tiny, refiner, schnell, third, wan
from tiny_models import make_model, model, quiet, velocity_model

__all__ = [
    "base",
    "dev",
    "make_model",
    "make_tiny",
    "model",
    "quiet",
    "refiner",
    "schnell",
    "third",
    "velocity_model",
    "wan",
]
