"""Telling others when jobs end: who wants to know, what is on its way to them, and what became of it."""
