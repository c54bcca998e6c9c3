"""From pictures with depth to space, and back to pictures."""
