"""Making pictures better: tone, colour, sharpness and noise."""
