"""Moving pictures: files in and out, frame by frame, and what moves in them."""
