"""graphengine: a typed node-graph workflow engine for diffusion models."""
