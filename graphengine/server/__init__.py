"""The service on the network."""
