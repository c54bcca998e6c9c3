"""Drawn pictures with captions: the project's own training data, without torch and without downloads."""
