"""Files named from outside: where they may lie, what they contain, and how they are written."""
