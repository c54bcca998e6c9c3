"""Latent diffusion: model families, weights, samplers, guidance; the only wing that imports torch."""
