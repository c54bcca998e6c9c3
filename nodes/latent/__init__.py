"""Latents: making them."""
