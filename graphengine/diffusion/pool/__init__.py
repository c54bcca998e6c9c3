"""The pool: the one owner of weights in memory. Nodes ask for it by its class, :class:`ModelPool`."""

from graphengine.diffusion.pool.pool import ModelPool

__all__ = ["ModelPool"]
