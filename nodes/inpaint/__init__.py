"""Changing, extending and mending parts of pictures."""
