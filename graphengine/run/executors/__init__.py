"""Where node functions are called; every executor passes one conformance suite."""
