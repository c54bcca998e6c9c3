"""What the tests of adapters share: tiny models."""

from tiny_families import make_tiny, refiner, third
from tiny_models import make_model, model, quiet

__all__ = ["make_model", "make_tiny", "model", "quiet", "refiner", "third"]
