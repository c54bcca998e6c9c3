"""Sampling: from noise to a latent."""
