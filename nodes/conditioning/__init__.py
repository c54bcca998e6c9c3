"""Conditionings: joined, mixed, and bound to places and times."""
