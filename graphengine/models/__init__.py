"""What model files are, told from headers and configurations alone: no weight is read, and no torch is needed."""
