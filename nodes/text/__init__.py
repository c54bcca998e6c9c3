"""Texts, as models read them."""
