"""The executor that calls nodes in the actors of a Ray cluster. Only :mod:`door` can be imported without Ray."""
