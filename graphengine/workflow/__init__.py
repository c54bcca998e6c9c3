"""The saved document, and the step from a document that may be wrong to a graph that is proven."""
