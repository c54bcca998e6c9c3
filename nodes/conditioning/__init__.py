"""Conditionings: what encoded texts become before a sampler takes them."""
