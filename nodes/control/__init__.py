"""Control: pictures that a model follows."""
