"""Workflows written in Python: inside of ``with Workflow() as wf``, calling node functions makes a document."""

from graphengine.builder.workflow import Workflow

__all__ = ["Workflow"]
