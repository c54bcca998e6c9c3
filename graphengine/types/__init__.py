"""What a socket type is, what may flow into what, and how a value becomes bytes."""
