"""What nobody names any more, and when it goes."""
