"""Logic: which way a workflow goes."""
