"""Models: where the weights come from."""
