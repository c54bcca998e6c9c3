"""How far away things are, and what follows from it."""
