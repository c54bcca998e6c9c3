"""Evaluation: figures that say how good pictures are."""
