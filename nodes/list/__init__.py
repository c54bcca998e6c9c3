"""Lists: where an item is wanted, a node runs for each."""
