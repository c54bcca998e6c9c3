"""The HTTP service: what the store and the engine can do, for clients who are not trusted."""
