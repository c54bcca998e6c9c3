"""Models that the user asks for: from an address or a hub into a model folder, whole and checked, or not at all."""
