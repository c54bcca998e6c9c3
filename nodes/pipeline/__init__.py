"""Whole pipelines of diffusers."""
