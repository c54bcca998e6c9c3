"""The executor that calls nodes in supervised worker processes: what a node breaks is one call."""
