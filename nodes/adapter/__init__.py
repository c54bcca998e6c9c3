"""Adapters: small weights that change what a model does."""
