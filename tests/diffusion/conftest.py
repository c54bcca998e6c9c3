"""What the tests of the wing share: tiny models."""

from tiny_families import dev, make_tiny, third
from tiny_models import make_model, model, quiet, velocity_model

__all__ = ["dev", "make_model", "make_tiny", "model", "quiet", "third", "velocity_model"]
