"""Drawn pictures: to try things on, and because their depth is known."""
