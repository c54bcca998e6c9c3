"""Finding faces, and making them better."""
