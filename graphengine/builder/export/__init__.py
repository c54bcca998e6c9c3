"""A document back to the Python that makes it."""
