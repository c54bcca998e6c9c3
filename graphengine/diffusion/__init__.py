"""The diffusion wing: everything that needs torch, behind the engine's torch-free seams."""
