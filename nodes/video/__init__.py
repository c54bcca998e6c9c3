"""Videos: in and out, and frame by frame in between."""
