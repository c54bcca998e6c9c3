"""The built-in pack of nodes."""
