"""From a graph to a plan: what to compute for which targets, and under which fingerprints."""
