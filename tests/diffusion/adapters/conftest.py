"""What the tests of adapters share: tiny models."""

from tiny_models import make_model, model, quiet

__all__ = ["make_model", "model", "quiet"]
