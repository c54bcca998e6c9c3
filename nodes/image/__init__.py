"""Pictures: in and out, size and place, colour."""
