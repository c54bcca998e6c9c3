"""What the tests of the wing share: tiny models."""

from tiny_models import make_model, model, quiet, velocity_model

__all__ = ["make_model", "model", "quiet", "velocity_model"]
