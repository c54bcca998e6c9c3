"""Jobs that begin by themselves: what triggers them, what was missed, and who makes them."""
