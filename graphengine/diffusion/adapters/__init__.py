"""Adapters: small weights that change what a model does, without a copy of the model."""
