"""Values to link to several places, and text."""
