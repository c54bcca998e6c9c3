"""Surfaces and points in space."""
