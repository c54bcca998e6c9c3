"""Masks: where something applies."""
