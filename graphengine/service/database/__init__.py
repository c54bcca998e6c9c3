"""The one SQLite database of a service: one writer, several readers, and nothing half-written."""
