"""Architectures: one adapter for each, behind one protocol."""
