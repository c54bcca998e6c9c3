"""The values that flow between diffusion nodes: immutable, fp32, on the CPU."""
