"""Judging pictures by their pixels: what is really in them, against what was asked for."""
